"""The glossary says what every quantity is, in both languages, and the pages made of it are current."""

import sys
from pathlib import Path

import pytest

from vidcalc.derivation import explained, quantities
from vidcalc.derivation.units import unit
from vidcalc.faces import words
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.words.glossary import GLOSSARY, meaning

ROOT = Path(__file__).parents[2]
QUANTITIES = (*quantities(), *quantities("training"))


def test_every_quantity_has_its_sentence_and_no_other():
    assert set(GLOSSARY) == set(QUANTITIES)
    assert all(sentence.endswith(".") for sentence in GLOSSARY.values())


def test_the_unit_is_that_of_the_explanation():
    whole = explained(*request({"model": "wan2.1-t2v-1.3b"}))
    for path in whole.numbers:
        assert meaning(path)
        assert not unit(path) or whole.step(path).unit == unit(path)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_explain_alone_lists_them_with_what_each_is(language, ask):
    out = ask("explain", "--lang", language).out
    words.use(language)
    told = " ".join(out.split())
    for quantity in QUANTITIES:
        assert f"{quantity} {' '.join(meaning(quantity).split())}" in told
    words.use("en")


def test_the_pages_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from make_glossary import glossary_pages

    for path, text in glossary_pages(ROOT / "docs").items():
        assert path.read_text("utf-8") == text, "run python scripts/make_docs.py"
    assert sys.modules.pop("make_glossary")
