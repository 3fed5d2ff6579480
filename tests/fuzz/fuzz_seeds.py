"""A right file of every kind that a command reads, and what may befall it: bytes lost, numbers beyond any sense."""

import json
import struct
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from vidcalc.catalog.models import model

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "vidcalc" / "data"
SNAPSHOTS = ROOT / "tests" / "snapshots"
NASTY = (
    *("0", "-1", "-2", "1e999", "NaN", "Infinity", "-Infinity", "1e300", "9" * 30, "0.5", '""', '"x"', "null", "true"),
    *(
        "[]",
        "{}",
        "[[[[1]]]]",
        '{"a": {"a": {}}}',
        "Yes",
        "inf",
        "nan",
        "",
        " ",
        "\ufeff",
        "가",
        "\x00",
        "a.b.c",
        "=",
        "#",
    ),
)
DEEP = ("[" * 5000, '{"a":' * 3000, "a." * 3000 + "a=1", "((((" * 500)


class Seed(NamedTuple):
    """A file by its name, what is in it, and the command lines that read it ("@" stands for it)."""

    name: str
    content: bytes
    lines: tuple[tuple[str, ...], ...]


FROM = ("estimate", "--from", "@", "-r", "256x256", "-f", "9")


@lru_cache
def seeds() -> tuple[Seed, ...]:
    """One of each kind."""
    small = ("estimate", "-m", "wan2.1-t2v-1.3b", "-r", "256x256", "-f", "9")
    wan, ltx = model("wan2.1-t2v-1.3b"), model("ltx-video-2b")
    parts = [wan.denoiser, wan.vae, wan.text_encoders[0], ltx.denoiser, ltx.vae]
    configs = [json.dumps({"_class_name": part.class_, **part.config}).encode() for part in parts]
    workflow = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.1_t2v_1.3B_fp16.safetensors"}},
        "2": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 832, "height": 480, "length": 81}},
        "3": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "latent_image": ["2", 0], "steps": 20, "cfg": 6}},
    }
    trainer = (
        'output_dir = "o"\nepochs = 10\nmicro_batch_size_per_gpu = 1\ngradient_accumulation_steps = 4\n'
        '[model]\ntype = "wan"\nckpt_path = "Wan2.1-T2V-1.3B"\ndtype = "bfloat16"\n'
        '[adapter]\ntype = "lora"\nrank = 32\n'
        '[optimizer]\ntype = "adamw_optimi"\nlr = 2e-5\n'
    )
    ai_toolkit = (
        "job: extension\nconfig:\n  name: a\n  process:\n    - type: sd_trainer\n      network:\n        type: lora\n"
        "        linear: 32\n      train:\n        batch_size: 1\n        steps: 2000\n      model:\n"
        "        name_or_path: Wan-AI/Wan2.1-T2V-1.3B-Diffusers\n        arch: wan21\n"
    )
    shell = "accelerate launch src/musubi_tuner/wan_train_network.py --task t2v-1.3B --network_dim 32 --sdpa\n"
    launch = "torchrun --nproc_per_node=2 generate.py --task t2v-1.3B --size 832*480 --ckpt_dir w --ulysses_size 2\n"
    table = ("validate", "@")
    return (
        *(Seed("config.json", each, (FROM,)) for each in configs),
        Seed("w.safetensors", _safetensors(), (FROM, (*small, "--lora", "@"))),
        Seed("w.gguf", _gguf(), (FROM,)),
        Seed("workflow.json", json.dumps(workflow).encode(), (("estimate", "--from", "@"),)),
        Seed("run.toml", trainer.encode(), (("train", "--from", "@", "-r", "256x256", "-f", "9"),)),
        Seed("run.yaml", ai_toolkit.encode(), (("train", "--from", "@", "-r", "256x256", "-f", "9"),)),
        Seed("run.sh", shell.encode(), (("train", "--from", "@", "-r", "256x256", "-f", "9"),)),
        Seed("launch.sh", launch.encode(), (FROM,)),
        Seed("card.toml", (SNAPSHOTS / "card.toml").read_bytes(), ((*small, "--gpu-file", "@"),)),
        Seed("h100.toml", (SNAPSHOTS / "h100.toml").read_bytes(), ((*small, "--calibration", "@"),)),
        Seed(
            "oom.txt", (SNAPSHOTS / "oom.txt").read_bytes(), (("fix", "@", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090"),)
        ),
        Seed("a.csv", _head(SNAPSHOTS / "generations.csv"), (table,)),
        Seed("b.csv", _head(SNAPSHOTS / "trainings.csv"), (table,)),
        Seed("c.csv", _head(DATA / "measured" / "networks.csv"), (table,)),
        Seed("report.json", b'{"schema": "vidcalc.report/1", "model": {}}', (("compare", "@", "wan2.1-t2v-1.3b"),)),
        Seed("p.png", _png(json.dumps(workflow)), (("estimate", "--from", "@"),)),
    )


def _head(path: Path) -> bytes:
    """The head of a table and its first rows."""
    return b"\n".join(path.read_bytes().splitlines()[:4]) + b"\n"


def _safetensors() -> bytes:
    """A header of two layers of adapters, without the data."""
    sizes = {"A": [16, 1536], "B": [1536, 16]}
    header = {
        f"transformer.blocks.{n}.attn1.{name}.lora_{side}.weight": {
            "dtype": "BF16", "shape": sizes[side], "data_offsets": [0, 49152],
        }
        for n in range(30) for name in ("to_q", "to_k", "to_v", "to_out.0") for side in "AB"
    }  # fmt: skip
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


def _gguf() -> bytes:
    """The header of a whole network: Wan 2.1 1.3B under its makers' names, matrices in Q8_0."""

    def text(word: str) -> bytes:
        return struct.pack("<Q", len(word)) + word.encode()

    width, inner = 1536, 8960
    sizes = {"patch_embedding": [width, 16, 1, 2, 2], "text_embedding.0": [width, 4096], "head.head": [64, width]}
    sizes |= {"text_embedding.2": [width, width], "time_embedding.0": [width, 256], "time_embedding.2": [width, width]}
    sizes |= {"time_projection.1": [6 * width, width]}
    tensors = {"head.modulation": [1, 2, width]}
    for n in range(30):
        block = f"blocks.{n}."
        tensors |= {f"{block}modulation": [1, 6, width], f"{block}norm3.weight": [width], f"{block}norm3.bias": [width]}
        sizes |= {f"{block}ffn.0": [inner, width], f"{block}ffn.2": [width, inner]}
        for each in ("self_attn", "cross_attn"):
            sizes |= {f"{block}{each}.{part}": [width, width] for part in "qkvo"}
            tensors |= {f"{block}{each}.norm_{part}.weight": [width] for part in "qk"}
    for name, shape in sizes.items():
        tensors |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    listed = b"".join(
        text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        + struct.pack("<IQ", 8 if len(shape) == 2 else 0, 0)
        for name, shape in tensors.items()
    )  # fmt: skip
    meta = text("general.architecture") + struct.pack("<I", 8) + text("wan")
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1) + meta + listed


def _png(text: str) -> bytes:
    """The start of a picture with a workflow in it."""
    data = b"prompt\0" + text.encode()
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(data)) + b"tEXt" + data + b"\0" * 4


@st.composite
def harmed(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with one or two things done to it."""
    for harm in draw(st.lists(st.sampled_from(HARMS), min_size=1, max_size=2)):
        content = harm(draw, content)
    return content


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: draw(st.integers(0, len(content)))]


def _value(draw: st.DrawFn, content: bytes) -> bytes:
    """Something nasty in the place of what stands between two marks."""
    marks = [place for place, each in enumerate(content) if each in b':,=[]{}"\n ']
    if len(marks) < 2:
        return content
    first = draw(st.integers(0, len(marks) - 2))
    return content[: marks[first] + 1] + draw(st.sampled_from(NASTY)).encode() + content[marks[first + 1] :]


def _deep(draw: st.DrawFn, content: bytes) -> bytes:
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.sampled_from(DEEP)).encode() + content[place:]


def _byte(draw: st.DrawFn, content: bytes) -> bytes:
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    return content[:place] + draw(st.binary(max_size=9)) + content[place + 1 :]


def _lines(draw: st.DrawFn, content: bytes) -> bytes:
    """A line twice, or not at all."""
    lines = content.split(b"\n")
    place = draw(st.integers(0, len(lines) - 1))
    return b"\n".join(lines[:place] + lines[place : place + 1] * draw(st.sampled_from((0, 2))) + lines[place + 1 :])


HARMS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (_cut, _value, _value, _value, _deep, _byte, _lines)
