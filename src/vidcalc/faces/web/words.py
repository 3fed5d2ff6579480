"""The strings of the page's own chrome: titles, buttons, labels. They pass through the catalogues as all words do.

To add one: an id and its English here, its Korean in `faces/words/ko.po`.
"""

from vidcalc.faces.words import N_, _

CHROME = {
    "title": N_("Video Model Resource Calculator"),
    "generate": N_("Generate"),
}


def strings() -> dict[str, str]:
    """Every string by its id, in the language in use."""
    return {name: _(text) for name, text in CHROME.items()}
