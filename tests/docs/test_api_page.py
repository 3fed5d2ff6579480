"""Every question on the pages about the API is answered; both languages ask the same; the Python runs."""

import re
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from vidcalc.faces.web.doors import opened

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {lang: (DOCS / name).read_text("utf-8") for lang, name in (("en", "api.md"), ("ko", "api.ko.md"))}
ASKED = re.findall(r"POST /api/v1/(\w+)\n```json\n(.*?)\n```", PAGES["en"], re.DOTALL)


@pytest.mark.parametrize(("name", "body"), [each for each in ASKED if each[0] != "batch"])
def test_a_question_is_answered(name, body):
    assert opened(name, body.encode())[0] == 200


def test_both_languages_ask_the_same():
    blocks = [re.findall(r"```(?:json|python)\n.*?```", text, re.DOTALL) for text in PAGES.values()]
    assert blocks[0] == blocks[1] and len(ASKED) >= 6


def test_the_python_runs():
    (block,) = re.findall(r"```python\n(.*?)```", PAGES["en"], re.DOTALL)
    exec(block, {})
