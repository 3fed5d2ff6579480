"""How sure a number is, from the surest to the least: every number says one of these words."""

STRENGTH = ("exact", "measured", "interpolated", "assumed", "estimate")


def weakest(a: str, b: str) -> str:
    """The weaker of two provenances: a sum is no better than its worst part."""
    return a if STRENGTH.index(a) >= STRENGTH.index(b) else b
