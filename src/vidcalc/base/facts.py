"""What a data file holds before anything has been made of it."""

from typing import Any, TypeAlias

Facts: TypeAlias = dict[str, Any]
"""A table of a TOML or JSON file: names of words, numbers, lists and further tables. Who reads it checks it."""
