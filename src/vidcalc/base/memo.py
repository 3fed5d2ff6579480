"""Results kept with the object they were worked out from: no module holds them, and they end with the object.

The object is a msgspec Struct with `dict=True`. Its results are no part of its value: a replaced one starts afresh.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

Noun = TypeVar("Noun")
Words = ParamSpec("Words")
Result = TypeVar("Result")
LATELY = 128  # results kept by large words: those of a search over one job, and not of every job there was


def once(make: Callable[Concatenate[Noun, Words], Result]) -> Callable[Concatenate[Noun, Words], Result]:
    """`make`, worked out once for each object and words; with arrays among the words, every time."""
    return _remembering(make, lambda results, result: True)


def lately(
    keeps: Callable[[Result], bool],
) -> Callable[[Callable[Concatenate[Noun, Words], Result]], Callable[Concatenate[Noun, Words], Result]]:
    """`once` for words that take memory themselves, such as all ops of a call: the latest results alone.

    keeps  whether a result is worth keeping: one of a sweep, large and asked for once, is not
    """

    def kept(results: dict[object, Result], result: Result) -> bool:
        worth = keeps(result)
        if worth and len(results) >= LATELY:
            del results[next(iter(results))]  # what was not asked for the longest
        return worth

    return lambda make: _remembering(make, kept, ageing=True)


def _remembering(
    make: Callable[Concatenate[Noun, Words], Result],
    kept: Callable[[dict[object, Result], Result], bool],
    *,
    ageing: bool = False,
) -> Callable[Concatenate[Noun, Words], Result]:
    """`make` with its results in the object; `kept` says of a new one whether it stays beside those that are there.

    ageing  whether they stand in the order in which they were last asked for
    """
    place = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def remembering(noun: Noun, /, *words: Words.args, **named: Words.kwargs) -> Result:
        results: dict[object, Result] = noun.__dict__.setdefault(place, {})
        key = (*words, *named.items()) if named else words
        try:
            found = results[key]
            if ageing:
                results[key] = results.pop(key)
            return found
        except KeyError:
            pass
        except TypeError:  # arrays cannot be keys
            return make(noun, *words, **named)
        result = make(noun, *words, **named)
        if kept(results, result):
            results[key] = result
        return result

    return remembering
