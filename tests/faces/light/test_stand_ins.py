"""What stands in for a library in a light run does what the library does, as far as vidcalc asks."""

import ast
import math
import random
from importlib import import_module

import msgspec
import pytest

from vidcalc.catalog import accelerators, load, models
from vidcalc.faces.light import bundle, door
from vidcalc.faces.light.lighten import Shapes
from vidcalc.faces.light.world import Unusual, World


@pytest.fixture
def world(copy):
    """An empty light run."""
    return World(door.built, door.home)


def fields(made):
    """What the light copy must know of a class: of which kind its fields are, and their names."""
    if issubclass(made, msgspec.Struct):
        return "struct", made.__struct_fields__
    return ("tuple", made._fields) if issubclass(made, tuple) and hasattr(made, "_fields") else None


def test_fields_found_in_the_source_are_those_of_the_class():
    sources = bundle.sources()
    shapes = Shapes({name: ast.parse(each.path.read_text(encoding="utf-8")) for name, each in sources.items()})
    wrong, seen = [], 0
    for name in (name for name in sources if "stand_ins" not in name):
        for called, made in vars(import_module(name)).items():
            if isinstance(made, type) and made.__module__ == name and called == made.__name__:
                seen += 1
                wrong += [(name, called)] if shapes.of(name, called) != fields(made) else []
    assert seen > 300
    assert wrong == []


def floats(count):
    """Numbers of any size, and those on the edges of how they are written."""
    chance = random.Random(0)
    edges = [
        0.0,
        -0.0,
        1e-5,
        -9.99e-5,
        1.5e-5,
        1e-6,
        1e-4,
        1e15,
        1e16,
        123456789012345680.0,
        5e-324,
        math.inf,
        math.nan,
    ]
    return [*edges, *(chance.choice((1, -1)) * chance.random() * 10.0 ** chance.randint(-30, 30) for _ in range(count))]


def test_json_is_byte_for_byte_that_of_msgspec(world):
    encode = world.bring("msgspec.json", wanted=("encode",)).encode
    texts = [chr(point) for point in (*range(0x250), 0x2028, 0xAC00, 0xFFFF, 0x1F600)]
    value = {
        "floats": floats(5000),
        "texts": texts,
        "nested": [{}, [], (), {"a": None, "b": [True, False, 10**18]}],
        "7": 7,
    }
    assert encode(value) == msgspec.json.encode(value)
    assert encode({"b": 1, "a": 2}, order="deterministic") == b'{"a":2,"b":1}'


def test_json_is_read_as_msgspec_reads_it(world):
    decode = world.bring("msgspec.json", wanted=("decode",)).decode
    text = msgspec.json.encode({"numbers": [1, -1.5, 1e300], "words": ["가", "\n", ""], "nothing": None, "yes": True})
    assert decode(text) == msgspec.json.decode(text)
    with pytest.raises(ValueError):
        decode(b"{} 1")


@pytest.mark.parametrize(
    ("module", "function", "names"),
    [
        ("vidcalc.catalog.models", models.model, tuple(models.names())),
        ("vidcalc.catalog.accelerators", accelerators.accelerator, tuple(load.names("accelerators"))),
    ],
)
def test_every_entry_of_the_catalogue_is_read_alike(module, function, names, world):
    light = getattr(world.bring(module, wanted=(function.__name__,)), function.__name__)
    encode = world.bring("msgspec.json", wanted=("encode",)).encode
    for name in names:
        assert encode(light(name)) == msgspec.json.encode(function(name)), name


def test_facts_that_do_not_fit_are_no_struct(world):
    convert = world.bring("msgspec", wanted=("convert",)).convert
    kind = world.bring("vidcalc.describe.model", wanted=("Model",)).Model
    facts = load.entry("models", "wan2.1-t2v-14b")
    assert convert(facts, kind).name == "wan2.1-t2v-14b"
    less = {name: value for name, value in facts.items() if name != "denoiser"}
    for wrong in ({**facts, "title": 1}, {**facts, "nothing": 1}, {**facts, "denoiser": 5}, less, []):
        with pytest.raises(Exception) as refused:
            convert(wrong, kind)
        assert type(refused.value).__name__ == "Unfit"


def test_what_a_stand_in_lacks_is_the_librarys(world):
    import collections
    import contextlib

    assert world.bring("collections", wanted=("Counter", "OrderedDict")).Counter is collections.Counter
    assert world.bring("contextlib", wanted=("suppress",)).suppress is contextlib.suppress
    with pytest.raises(Unusual):
        world.bring("msgspec", wanted=("Raw",))
