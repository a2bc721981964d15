"""How do several studies compare?"""
