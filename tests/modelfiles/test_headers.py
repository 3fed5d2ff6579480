"""Headers of weight files: names, shapes and bytes are what the file says, and a broken file is one clear problem."""

import io
import json
import struct

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.modelfiles import from_path, gguf, safetensors
from vidcalc.modelfiles.packed import unpacked


def test_a_safetensors_header_gives_every_tensor(make, tmp_path):
    tensors = {"a.weight": ("BF16", (3, 5)), "a.bias": ("F32", (3,)), "a.scale_weight": ("F32", (1,))}
    nbytes = make.safetensors(tmp_path / "w.safetensors", tensors)
    with open(tmp_path / "w.safetensors", "rb") as file:
        header = safetensors.read(file, "w")
    assert header.tensors["a.weight"].shape == (3, 5)
    assert header.nbytes == nbytes == 3 * 5 * 2 + 3 * 4 + 4
    assert unpacked(header).elements == 3 * 5 + 3  # the scale beside a weight is no weight
    assert unpacked(header).nbytes == nbytes
    assert header.precision == "bf16"


def test_a_gguf_header_counts_the_bytes_of_its_blocks(make, tmp_path):
    tensors = {"a.weight": ("Q4_K", (4, 512)), "b.weight": ("Q8_0", (2, 64)), "a.bias": ("F32", (7,))}
    nbytes = make.gguf(tmp_path / "w.gguf", tensors)
    with open(tmp_path / "w.gguf", "rb") as file:
        header = gguf.read(file, "w")
    assert header.tensors["a.weight"].shape == (4, 512)
    assert header.nbytes == nbytes == 4 * 512 // 256 * 144 + 2 * 64 // 32 * 34 + 7 * 4
    assert header.elements == 4 * 512 + 2 * 64 + 7
    assert header.precision == "gguf-q4_k"
    assert header.metadata["some.list"] == [1, 2, 3]


@pytest.mark.parametrize("reader", ["safetensors", "gguf"])
def test_a_header_cut_anywhere_is_a_clear_problem(reader, make, tmp_path):
    path = tmp_path / f"w.{reader}"
    getattr(make, reader)(path, {"a.weight": ("BF16", (3, 5)), "b": ("F32", (2,))})
    whole = path.read_bytes()
    with open(path, "rb") as file:
        header = {"safetensors": safetensors, "gguf": gguf}[reader].read(file, "w")
        end = file.tell()
    assert set(header.tensors) == {"a.weight", "b"}
    for cut in range(end):
        path.write_bytes(whole[:cut])
        with pytest.raises(Unreadable) as refused:
            from_path(str(path))
        assert refused.value.problem in ("truncated", "not_safetensors", "not_gguf")


BROKEN = {
    "a header longer than any": struct.pack("<Q", 1 << 60) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"{{{{",
    "a list": struct.pack("<Q", 2) + b"[]",
    "a tensor without a shape": b"",
    "negative sizes": b"",
}
TOLD = {
    "a tensor without a shape": {"a": {"dtype": "F32"}},
    "negative sizes": {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
}


def test_lists_of_lists_without_end_are_refused():
    nested = struct.pack("<IQ", 9, 1) * 100_000
    content = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<I", 9) + nested
    with pytest.raises(Unreadable) as refused:
        gguf.read(io.BytesIO(content), "w")
    assert refused.value.problem == "not_gguf"


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_safetensors_file_is_refused(name):
    content = BROKEN[name]
    if name in TOLD:
        text = json.dumps(TOLD[name]).encode()
        content = struct.pack("<Q", len(text)) + text
    with pytest.raises(Unreadable) as refused:
        safetensors.read(io.BytesIO(content), "w")
    assert refused.value.problem == "not_safetensors"


def test_an_unknown_tensor_type_is_named():
    text = struct.pack("<Q", 1) + b"a"
    content = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text + struct.pack("<IQIQ", 1, 4, 999, 0)
    with pytest.raises(Unreadable) as refused:
        gguf.read(io.BytesIO(content), "w")
    assert refused.value.problem == "unknown_format"
    assert refused.value.values == {"format": "999"}
