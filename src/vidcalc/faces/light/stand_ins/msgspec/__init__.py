"""`msgspec` of a light run: Structs that hold their fields, and facts read into them.

What a Struct declares is checked where facts are read into it, as msgspec does, and nowhere else: a light run makes the
same Structs as the full one, which has checked them. Anything that does not fit ends the light run.
"""

from typing import Form

from msgspec import json, structs  # noqa: F401


GenericAlias, UnionType = type(tuple[int]), type(int | str)


class Unfit(Exception):
    """Facts that are not what a Struct declares."""


class Kind(type):
    """The class of Structs: what they declare, worked out when it is asked for."""

    @property
    def __annotations__(cls):
        return cls.__dict__["__hints__"]() if "__hints__" in cls.__dict__ else {}

    @property
    def __struct_defaults__(cls):
        return tuple(getattr(cls, name) for name in cls.__struct_fields__ if hasattr(cls, name))

    @property
    def __readers__(cls):
        """(field, its name in a file, what reads it) of every field."""
        if "_readers" not in cls.__dict__:
            names = vars(WORLD.modules[cls.__module__])
            hints = {}
            for kind in reversed(cls.__mro__):
                where = vars(WORLD.modules[kind.__module__]) if "__hints__" in vars(kind) else names
                hints.update((name, (hint, where)) for name, hint in getattr(kind, "__annotations__", {}).items())
            cls._readers = [
                (name, cls.__called__.get(name, name), reader(*hints[name])) for name in cls.__struct_fields__
            ]
        return cls._readers


class Struct(metaclass=Kind):
    """A record: fields by place or by name, the rest as declared."""

    __struct_fields__ = ()
    __called__ = {}  # what files call a field that Python has no such name for
    __strict__ = __remembers__ = False

    def __init__(self, *placed, **named):
        if placed:
            named.update(zip(self.__struct_fields__, placed, strict=False))
        self.__dict__.update(named)

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    def __hash__(self):
        return hash(tuple([getattr(self, name) for name in self.__struct_fields__]))

    def __repr__(self):
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({inner})"


class Meta:
    """What a type says of itself beside it."""

    def __init__(self, **said):
        self.__dict__.update(said)


def convert(facts, kind):
    """Facts of a file as a Struct. Raises Unfit."""
    return reader(kind, {})(facts)


def to_builtins(value):
    """A value with its Structs as tables, and its tuples as lists."""
    if isinstance(value, Struct):
        names = value.__called__
        return {names.get(name, name): to_builtins(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [to_builtins(each) for each in value]
    return {key: to_builtins(each) for key, each in value.items()} if isinstance(value, dict) else value


def reader(kind, names):
    """What reads a value of a type; `names` are those of the module that says it."""
    while isinstance(kind, str):
        kind = eval(kind, names)
    if isinstance(kind, Form):
        if kind.name == "Annotated":
            return reader(kind.__origin__, names)
        if kind.name == "Union":
            return either(kind.__args__, names)
        return among(kind.__args__) if kind.name == "Literal" else as_it_is
    if isinstance(kind, UnionType):
        return either(kind.__args__, names)
    if isinstance(kind, GenericAlias):
        return filled(kind.__origin__, kind.__args__, names)
    return struct(kind) if isinstance(kind, Kind) else plain(kind)


def as_it_is(value):
    """Anything."""
    return value


def among(words):
    """One of some words."""

    def read(value):
        if value not in words:
            raise Unfit(value)
        return value

    return read


def plain(kind):
    """A value of a type without parts; a whole number is a float too."""

    def read(value):
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        if kind is tuple and type(value) is list:
            return tuple(value)
        raise Unfit(value)

    return read


def struct(kind):
    """A Struct of a table."""

    def read(facts):
        if not isinstance(facts, dict):
            raise Unfit(facts)
        given, found = {}, 0
        for name, called, read_one in kind.__readers__:
            if called in facts:
                given[name] = read_one(facts[called])
                found += 1
            elif not hasattr(kind, name):
                raise Unfit(name)
        if kind.__strict__ and found != len(facts):
            raise Unfit(kind)
        return kind(**given)

    return read


def filled(kind, parts, names):
    """A list, tuple or table of a type."""
    if kind is dict:
        of_key, of_value = (reader(part, names) for part in parts)

        def table(value):
            if type(value) is not dict:
                raise Unfit(value)
            return {of_key(key): of_value(each) for key, each in value.items()}

        return table
    if kind is tuple and Ellipsis not in parts:
        readers = [reader(part, names) for part in parts]

        def places(value):
            if type(value) not in (list, tuple) or len(value) != len(readers):
                raise Unfit(value)
            return tuple([read(each) for read, each in zip(readers, value, strict=True)])

        return places
    of_entry = reader(parts[0], names)

    def entries(value):
        if type(value) not in (list, tuple):
            raise Unfit(value)
        return kind([of_entry(each) for each in value])

    return entries


def either(kinds, names):
    """One of several types: the first that takes the value as it is, a whole number before a fraction."""
    readers = [reader(kind, names) for kind in kinds if kind not in (None, type(None))]
    nothing = len(readers) < len(kinds)

    def read(value):
        if value is None and nothing:
            return None
        for read_one in readers:
            try:
                found = read_one(value)
            except Unfit:
                continue
            if type(found) is not float or type(value) is not int or int not in kinds:
                return found
        raise Unfit(value)

    return read
