"""Coverage-guided fuzzing of what reads other people's files: headers of weights, TOML, JSON, messages.

    pip install atheris
    python scripts/fuzz_readers.py [CORPUS] [-runs=1000000] [-max_len=4096]

The first byte of an input chooses the reader. Whatever the rest is, a reader answers or refuses in its own words; any
other exception ends the run and is written down with its input. CORPUS is a folder that keeps inputs of new paths.
"""

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import atheris

with atheris.instrument_imports(include=["vidcalc"]):
    from vidcalc.base import reading
    from vidcalc.base.errors import Unreadable
    from vidcalc.modelfiles import gguf, safetensors
    from vidcalc.modelfiles.complaint import complaint
    from vidcalc.modelfiles.folder import described, stated_class
    from vidcalc.modelfiles.recipes import embedded
    from vidcalc.modelfiles.recipes.graph import is_workflow, nodes


def configuration(data: bytes) -> None:
    """A JSON object as a component's configuration, or as a workflow."""
    facts = reading.parsed_json(data)
    if not isinstance(facts, dict):
        return
    if is_workflow(facts) or embedded.unwrapped(facts):
        nodes(embedded.unwrapped(facts) or facts)
    name = stated_class(facts)
    if name:
        described("", name, facts)


READERS: tuple[Callable[[bytes], Any], ...] = (
    lambda data: safetensors.read(io.BytesIO(data), "x"),
    lambda data: safetensors.read(io.BytesIO(len(data).to_bytes(8, "little") + data), "x"),
    lambda data: gguf.read(io.BytesIO(data), "x"),
    lambda data: gguf.read(io.BytesIO(b"GGUF\3\0\0\0" + data), "x"),
    configuration,
    lambda data: reading.parsed_toml(data.decode("utf-8", "replace")),
    lambda data: complaint(data.decode("utf-8", "replace")),
)


def one(data: bytes) -> None:
    """One input."""
    if not data:
        return
    with suppress(Unreadable, ValueError):  # a refusal of its own; of JSON and TOML as texts
        READERS[data[0] % len(READERS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
