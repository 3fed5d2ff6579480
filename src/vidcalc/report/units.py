"""What the numbers of a report are in: each unit once, as a type. `peak: Bytes` says it to readers, to the JSON Schema
(`vidcalc schema`: "unit" beside the type) and to `units`.

    units(Report) -> {"memory.inference.peak": "byte", "time.inference.total": "second", …}

Counts are ints where they are exact; "1" is a number without a unit: a share, a ratio, an index.
"""

import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

# what the JSON holds; to the type checker also the arrays of a sweep, which who asks for one job need not think of
if TYPE_CHECKING:
    Exact: TypeAlias = int | float | Any
    Real: TypeAlias = float | Any
else:
    Exact = int | float
    Real = float


def _of(unit: str) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"unit": unit})


Bytes = Annotated[Exact, _of("byte")]
ByteRate = Annotated[Real, _of("byte/second")]
Flop = Annotated[Exact, _of("FLOP")]
Seconds = Annotated[Real, _of("second")]
GpuSeconds = Annotated[Real, _of("GPU second")]
GpuHours = Annotated[Real, _of("GPU hour")]
Dollars = Annotated[Real, _of("USD")]
DollarRate = Annotated[Real, _of("USD/hour")]
Joule = Annotated[Real, _of("joule")]
Watt = Annotated[Real, _of("watt")]
Gram = Annotated[Real, _of("gram CO2e")]
Pixels = Annotated[Exact, _of("pixel")]
Places = Annotated[Exact, _of("latent place")]
Frames = Annotated[Exact, _of("frame")]
FrameRate = Annotated[Exact, _of("frame/second")]
Tokens = Annotated[Exact, _of("token")]
TokenRate = Annotated[Real, _of("token/second")]
Weights = Annotated[Exact, _of("weight")]
Steps = Annotated[Exact, _of("step")]
Samples = Annotated[Exact, _of("sample")]
SampleRate = Annotated[Real, _of("sample/second")]
VideoRate = Annotated[Real, _of("video/hour")]
Gpus = Annotated[Exact, _of("GPU")]
# how many: layers, channels, nodes, forwards, plans
Count = Annotated[Exact, _of("1")]
# a part of one, or one number over another of its kind
Share = Annotated[Real, _of("1")]
# the place in a list, from 0
Index = Annotated[int, _of("1")]

WholeWeights = Annotated[int, _of("weight")]
WholeSteps = Annotated[int, _of("step")]
WholeSamples = Annotated[int, _of("sample")]
WholeGpus = Annotated[int, _of("GPU")]
WholeCount = Annotated[int, _of("1")]

# choices by name (fields of a plan, sizes of a network): their numbers are counts and shares
Settings = Annotated[dict[str, Any], _of("1")]
OF_A_JOB = {
    **dict.fromkeys(("width", "height"), "pixel"),
    "frames": "frame",
    "fps": "frame/second",
    "steps": "step",
    "batch": "video",
    "guidance": "1",
    **dict.fromkeys(("text_tokens", "image_tokens"), "token"),
    "train_steps": "step",
    "target_rate": "video/second",
}
# the fields of a workload
JobSettings = Annotated[dict[str, Any], msgspec.Meta(extra_json_schema={"units": OF_A_JOB})]


def units(record: type[msgspec.Struct]) -> dict[str, str]:
    """The unit of each number of a report by its path in the JSON; `*` stands for an entry of a list or a mapping.

    A number that has none is listed with "".
    """
    return dict(_struct(record, ""))


def _struct(record: type[msgspec.Struct], path: str) -> Iterator[tuple[str, str]]:
    for name, kind in get_type_hints(record, include_extras=True).items():
        yield from _kind(kind, f"{path}.{name}" if path else name)


def _kind(kind: object, path: str) -> Iterator[tuple[str, str]]:
    """The units in a type: of numbers, of what lists and mappings hold, of the choices of a union."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        stated, entries = inner[1].extra_json_schema, get_origin(inner[0]) is dict
        for name, unit in stated.get("units", {"*": stated.get("unit", "")}).items():
            yield f"{path}.{name}" if entries else path, unit
    elif origin in (Union, types.UnionType):
        found = {where: unit for each in inner for where, unit in _kind(each, path)}
        yield from found.items()
    elif origin is list:
        yield from _kind(inner[0], f"{path}.*")
    elif origin is dict:
        yield from _kind(inner[1], f"{path}.*")
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct(kind, path)
    elif kind in (int, float):
        yield path, ""
