"""What a row of a sweep holds: every column once, with its unit, its meaning and its place in a single estimate.

A row is one estimate: the settings that vary, then these columns. A column equals the number of the estimate at its
`path`; those marked `sampled` depend on the order of allocations, which a sweep does not replay for every size.
"""

from typing import Literal

import msgspec

MEMORY_STAGES = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode", "post")
TIME_STAGES = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode", "beside")
BAND = ("low", "likely", "high")

Kind = Literal["number", "word"]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column.

    name     as conditions, files and Python call it
    unit     "byte", "second", "USD", "joule" …; "" of words
    meaning  id of its words: a name of this module's lists, with the stage beside it
    path     where the same stands in the JSON of `vidcalc estimate`; "" where nothing there is it
    stage    the stage it is of; "" of the whole job
    sampled  whether it follows from the allocator's replay, within 1 % of a single estimate
    kind     "number" or "word"
    """

    name: str
    unit: str
    meaning: str
    path: str = ""
    stage: str = ""
    sampled: bool = False
    kind: Kind = "number"


def _whole() -> tuple[Column, ...]:
    """The columns of the whole job, in the order in which they are written."""
    memory, time = "memory.inference.", "time.inference."
    return (
        Column(name="verdict", unit="", meaning="verdict", path=memory + "verdict", sampled=True, kind="word"),
        Column(name="allocated", unit="byte", meaning="allocated", path=memory + "allocated"),
        Column(name="reserved", unit="byte", meaning="reserved", path=memory + "reserved", sampled=True),
        Column(name="device", unit="byte", meaning="device", path=memory + "device", sampled=True),
        Column(name="capacity", unit="byte", meaning="capacity", path=memory + "capacity"),
        Column(name="host_ram", unit="byte", meaning="host_ram", path=memory + "host_ram"),
        Column(name="seconds", unit="second", meaning="seconds", path=time + "total"),
        Column(name="seconds_low", unit="second", meaning="seconds_low", path=time + "low"),
        Column(name="seconds_high", unit="second", meaning="seconds_high", path=time + "high"),
        Column(name="gpu_hours", unit="GPU hour", meaning="gpu_hours", path=time + "gpu_hours"),
        Column(name="cost", unit="USD", meaning="cost", path="cost.inference.likely"),
        Column(name="cost_low", unit="USD", meaning="cost_low", path="cost.inference.low"),
        Column(name="cost_high", unit="USD", meaning="cost_high", path="cost.inference.high"),
        Column(name="energy", unit="joule", meaning="energy", path="energy.per_video.likely"),
        Column(name="tokens", unit="token", meaning="tokens", path="sequence.video_tokens"),
    )


def _by_stage() -> tuple[Column, ...]:
    """Bytes under each counter and seconds with their band, stage by stage."""
    columns = []
    for stage in MEMORY_STAGES:
        for name in ("allocated", "reserved", "device"):
            sampled = name != "allocated"
            columns.append(
                Column(name=f"{stage}_{name}", unit="byte", meaning=name, stage=stage, sampled=sampled),
            )
    for stage in TIME_STAGES:
        for end in BAND:
            name = "seconds" if end == "likely" else "seconds_" + end
            path = f"time.inference.{stage}" if end == "likely" else ""
            columns.append(Column(name=f"{stage}_{name}", unit="second", meaning=name, stage=stage, path=path))
    return tuple(columns)


WHOLE = _whole()
COLUMNS = {column.name: column for column in (*WHOLE, *_by_stage())}
HEADLINE = ("verdict", "device", "seconds", "cost")
