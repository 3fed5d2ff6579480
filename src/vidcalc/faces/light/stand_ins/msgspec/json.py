"""`msgspec.json` of a light run: the same bytes, by the parts of `json` that Python has in C."""

from _json import encode_basestring, make_scanner


class Rules:
    """How the scanner reads."""

    strict, object_hook, object_pairs_hook = True, None, None
    parse_float, parse_int, parse_constant = float, int, None
    memo = {}


scan = make_scanner(Rules)


def decode(text):
    """The value of a document."""
    if isinstance(text, bytes):
        text = text.decode()
    value, end = scan(text, 0)
    if end < len(text) and text[end:].strip():
        raise ValueError(text[end:])
    return value


def encode(value, order=None):
    """A value as a document; `order` "deterministic": tables by their keys."""
    pieces = []
    write(value, pieces.append, order is not None)
    return "".join(pieces).encode()


def write(value, say, ordered):
    """Say a value piece by piece."""
    kind = type(value)
    if kind is str:
        say(encode_basestring(value))
    elif kind is float:
        say(number(value))
    elif kind is int:
        say(str(value))
    elif value is None or kind is bool:
        say("null" if value is None else "true" if value else "false")
    elif kind is dict:
        write_object(sorted(value.items()) if ordered else value.items(), say, ordered)
    elif isinstance(value, (tuple, list, set, frozenset)):
        mark = "["
        for each in value:
            say(mark)
            write(each, say, ordered)
            mark = ","
        say("]" if mark == "," else "[]")
    else:
        called = kind.__called__
        names = kind.__struct_fields__
        write_object([(called.get(name, name), getattr(value, name)) for name in names], say, ordered)


def write_object(items, say, ordered):
    """Say names and values."""
    mark = "{"
    for name, value in items:
        say(mark)
        say(encode_basestring(name if type(name) is str else str(name)))
        say(":")
        write(value, say, ordered)
        mark = ","
    say("}" if mark == "," else "{}")


def number(value):
    """A float as msgspec writes it: no sign and no zeros before an exponent, and none of them at the fifth place."""
    if value != value or value in (float("inf"), float("-inf")):
        return "null"
    text = float.__repr__(value)
    if "e" not in text:
        return text
    digits, _e, exponent = text.partition("e")
    if exponent == "-05":
        sign = "-" if value < 0 else ""
        return f"{sign}0.0000{digits.lstrip('-').replace('.', '')}"
    return f"{digits}e{int(exponent)}"
