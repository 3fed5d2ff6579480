"""`typing` of a light run: forms that can be written and asked for their words, and that check nothing."""

from _collections import _tuplegetter


class Form:
    """A type as it is written: Literal["a", "b"], Annotated[int, …], A | B."""

    def __init__(self, name, args=(), metadata=()):
        self.name, self.__args__, self.__metadata__ = name, args, metadata

    def __getitem__(self, args):
        args = args if isinstance(args, tuple) else (args,)
        if self.name == "Annotated":
            return Form("Annotated", args[:1], args[1:])
        if self.name == "Literal":
            words = [word for each in args for word in (each.__args__ if isinstance(each, Form) else (each,))]
            return Form("Literal", tuple(dict.fromkeys(words)))
        return Form(self.name, args)

    def __or__(self, other):
        return Form("Union", (self, other))

    def __ror__(self, other):
        return Form("Union", (other, self))

    @property
    def __origin__(self):
        return self.__args__[0] if self.name == "Annotated" else self


Any, Annotated, ClassVar, Literal, TypeAlias = map(Form, ("Any", "Annotated", "ClassVar", "Literal", "TypeAlias"))
TYPE_CHECKING = False


def TypeVar(name, *bounds, **more):
    """A variable of types."""
    return Form(name)


ParamSpec = TypeVar


class Protocol:
    """What a class must have."""

    def __class_getitem__(cls, args):
        return cls


Generic = Protocol


class TypedDict(dict):
    """A dictionary whose keys are known."""

    def __init_subclass__(cls, total=True):
        pass


class NamedTuple(tuple):
    """A tuple with names; the light copy of a class writes out its fields and its constructor."""

    __slots__ = ()

    def __init_subclass__(cls):
        for place, name in enumerate(cls.__dict__.get("_fields", ())):
            setattr(cls, name, _tuplegetter(place, None))

    def __repr__(self):
        inner = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({inner})"

    def _replace(self, **changes):
        return type(self)(**{**dict(zip(self._fields, self, strict=True)), **changes})

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    @classmethod
    def _make(cls, values):
        return tuple.__new__(cls, values)


def __getattr__(name):
    """Any other type."""
    return Form(name)


def get_args(form):
    """The words of a Literal, the parts of any other form."""
    return getattr(form, "__args__", ())


def cast(kind, value):
    """The value."""
    return value


def overload(function):
    """The function."""
    return function


def get_origin(form):
    """Types are looked into by the full command line alone."""
    raise NotImplementedError


get_type_hints = get_origin
