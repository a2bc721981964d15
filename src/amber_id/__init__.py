"""AMBER-ID: does the motion of an anonymised talking head still identify the person?"""

__version__ = "0.1.0"
