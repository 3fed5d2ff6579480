"""Results kept with the object they were worked out from: no module holds them, and they end with the object.

The object is a msgspec Struct with `dict=True`. Its results are no part of its value: a replaced one starts afresh.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Noun = TypeVar("Noun")
Words = ParamSpec("Words")
Result = TypeVar("Result")


def once(make: Callable[Concatenate[Noun, Words], Result]) -> Callable[Concatenate[Noun, Words], Result]:
    """`make`, worked out once for each object and words; with arrays among the words, every time."""
    place = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def kept(noun: Noun, /, *words: Words.args, **named: Words.kwargs) -> Result:
        results: dict[Any, Result] | None = noun.__dict__.get(place)
        if results is None:
            results = noun.__dict__[place] = {}
        key = (*words, *named.items()) if named else words
        try:
            if key in results:
                return results[key]
        except TypeError:  # arrays cannot be keys
            return make(noun, *words, **named)
        result = results[key] = make(noun, *words, **named)
        return result

    return kept
