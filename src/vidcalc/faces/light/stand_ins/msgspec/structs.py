"""`msgspec.structs` of a light run."""


def replace(struct, **changes):
    """The Struct with other values of some fields; what it remembers beside them stays behind."""
    kind = type(struct)
    made = kind.__new__(kind)
    values = made.__dict__
    values.update(struct.__dict__)
    if kind.__remembers__:
        for name in values.keys() - set(kind.__struct_fields__):
            del values[name]
    values.update(changes)
    return made


def asdict(struct):
    """Fields and values."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
