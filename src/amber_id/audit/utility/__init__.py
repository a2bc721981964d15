"""How much expression does an anonymiser keep?"""
