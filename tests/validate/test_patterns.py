"""No pattern of data/validation/ is for one page: each matches rows of two sources, or is a word of the field.

A pattern that the collection holds for one source only says whose word it is (`term`), or which fact of that source it
states and where that is written (`fact`). Run with `-s` to see every pattern with the number of its sources.
"""

import re
import tomllib
from functools import cache

import pytest

from vidcalc.catalog.load import DATA
from vidcalc.validate.sources import collection, origin

NAMES = {
    "models": ("rule",),
    "accelerators": ("rule",),
    "training": ("model", "trainer"),
    "settings": ("maker", "engine"),
}
PAGE = re.compile(r"README|#\d|\bdocs/|\.md\b|issues?/\d|@[0-9a-f]{6}")


def rules():
    """(file, table, place, rule) of every pattern."""
    found = []
    for file in ("settings", "training", "accelerators", "models"):
        with open(f"{DATA}/validation/{file}.toml", "rb") as opened:
            tables = tomllib.load(opened)
        for table, rows in tables.items():
            if not isinstance(rows, list):
                continue
            found += [(file, table, place, row) for place, row in enumerate(rows) if "match" in row or "words" in row]
    return found


@cache
def texts():
    """Every row's columns, one by one and together, by the origin of its source."""
    each = []
    for row in collection().values():
        columns = [str(getattr(row, name)) for name in row.__struct_fields__]
        each.append((origin(row.source), [*columns, "; ".join(columns)]))
    return each


def sources(pattern):
    """The origins of the rows that a pattern is found in."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return {whole for whole, columns in texts() if any(compiled.search(text) for text in columns)}


RULES = rules()


@pytest.mark.parametrize(("file", "table", "place", "row"), RULES, ids=[f"{f}-{t}-{p}" for f, t, p, _ in RULES])
def test_a_pattern_is_for_more_than_one_source_or_a_word_of_the_field(file, table, place, row):
    pattern = row.get("match") or row["words"]
    count = len(sources(pattern))
    print(f"{file}.{table}[{place}] {count:3d} sources  {pattern}")
    named = table in NAMES.get(file, ())  # what people call a model, a card or a program
    assert count >= 2 or named or row.get("term") or row.get("fact"), pattern
    assert not PAGE.search(pattern), pattern


def test_facts_of_single_sources_are_few():
    assert sum("fact" in row for *_, row in RULES) <= 8
