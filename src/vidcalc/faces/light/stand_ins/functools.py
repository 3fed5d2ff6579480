"""`functools` of a light run: the parts of it that Python has in C, and the few lines around them."""

from _functools import _lru_cache_wrapper, partial, reduce  # noqa: F401


def cache(function):
    """Remembers what the function answered."""
    return wraps(function)(_lru_cache_wrapper(function, None, False, tuple))


def lru_cache(maxsize=128, typed=False):
    """The same for the latest answers alone."""
    return lambda function: wraps(function)(_lru_cache_wrapper(function, maxsize, typed, tuple))


def wraps(function):
    """Makes a function look like another."""

    def looking(wrapper):
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(wrapper, name, getattr(function, name))
        wrapper.__wrapped__ = function
        return wrapper

    return looking


class cached_property:
    """A property that is worked out once for each object."""

    def __init__(self, function):
        self.function = function

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, thing, owner=None):
        if thing is None:
            return self
        value = thing.__dict__[self.name] = self.function(thing)
        return value
