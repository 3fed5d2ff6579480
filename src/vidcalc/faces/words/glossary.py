"""What each number of a report is: one sentence in the language in use, found by the number's path."""

from vidcalc.faces.words import _
from vidcalc.faces.words.glossary_estimate import ESTIMATE
from vidcalc.faces.words.glossary_training import TRAINING

GLOSSARY: dict[str, str] = {**ESTIMATE, **TRAINING}


def meaning(quantity: str) -> str:
    """The sentence of a quantity, by its path or its pattern; empty for one without."""
    if quantity in GLOSSARY:
        return _(GLOSSARY[quantity])
    from vidcalc.derivation.leaves import matches

    return next((_(sentence) for pattern, sentence in GLOSSARY.items() if matches(pattern, quantity)), "")
