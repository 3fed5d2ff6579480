"""How a command ends: 0 done, 2 bad input, 130 interrupted; with --check also whether the job fits."""

BAD_INPUT = 2
TOO_BIG, TIGHT = 3, 4
CODES = {"fits": 0, "too_big": TOO_BIG}


def checked(verdict: str) -> int:
    """The exit code of a verdict: what is tight, or of unknown size, is not known to fit."""
    return CODES.get(verdict, TIGHT)
