"""How is the evidence of a check written?"""

NAMED_AT_MOST = 3
"""So many clips, pairs or people are named as examples in a sentence."""


def p_words(p: float | None) -> str:
    """A p value in brackets, or nothing."""
    return "" if p is None else f" (p = {p:.3f})"


def percent_spaced(text: str) -> str:
    """A space before every per cent sign."""
    return text.replace("%", " %")
