"""How is an anonymiser audited, from clips to a verdict?"""
