"""A short benchmark of the machine at hand: matrix products, attention kernels, convolutions and copies.

What it finds becomes a calibration file (`vidcalc.rates.calibration`). Runs on any torch device; on a CPU with small
shapes. Rates are FLOP/s and byte/s, at the median of several runs after a warm-up.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from statistics import median
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

Row = dict[str, Any]
Progress = Callable[[str, float], None]  # what is measured, share of the whole that is done
FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# rows, columns, depth of the products: projections and feed-forwards of video transformers
PRODUCTS = {
    "accelerator": (
        (16384, 5120, 5120),
        (16384, 13824, 5120),
        (32768, 1536, 1536),
        (32768, 8960, 1536),
        (4096, 3072, 3072),
    ),
    "cpu": ((512, 1024, 1024), (512, 2048, 1024), (1024, 512, 512), (128, 1536, 1536)),
}
HEADS = {"accelerator": 24, "cpu": 4}
LENGTHS = {"accelerator": (2048, 8192, 32768), "cpu": (128, 512, 1024)}
WIDTHS = (64, 128)
# input channels, output channels, frames, height, width of 3 x 3 x 3 convolutions
CONVOLUTIONS = {"accelerator": ((384, 384, 5, 120, 208), (192, 192, 5, 240, 416)), "cpu": ((32, 32, 3, 32, 32),)}
COPIED = {"accelerator": 2**30, "cpu": 2**27}  # bytes
BACKENDS = {
    "math": SDPBackend.MATH,
    "flash2": SDPBackend.FLASH_ATTENTION,
    "xformers": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
}
MATH_LIMIT = 2**31  # bytes of scores that the plain kernel may hold


def benchmark(device: str, seconds: float = 60.0, progress: Progress | None = None) -> dict[str, Any]:
    """The calibration of a device ("cuda", "cpu", "mps" …) in about that many seconds: a plain dict of rows."""
    size = "cpu" if device == "cpu" else "accelerator"
    items = list(_items(device, size))
    each = seconds / len(items)
    tables: dict[str, list[Row]] = {}
    for place, (table, row, work, unit, prepare) in enumerate(items):
        if progress is not None:
            progress(" ".join(str(value) for value in (table, *row.values())), place / len(items))
        try:
            call = prepare()
            spent = timed(call, device, each)
        except (RuntimeError, TypeError, ImportError, AttributeError, AssertionError):  # a kernel that is not there
            continue
        tables.setdefault(table, []).append({**row, "rate": f"{work / spent:.6g} {unit}"})
    return {"device": name_of(device), "memory": memory_of(device), "torch": torch.__version__, **tables}


Item = tuple[str, Row, float, str, Callable[[], Callable[[], Any]]]


def _items(device: str, size: str) -> Iterator[Item]:
    """Everything to measure: table, row, work of one run, its unit, and what prepares the run."""
    for name, dtype in FORMATS.items():
        for m, n, k in PRODUCTS[size]:
            row = {"precision": "tf32" if name == "fp32" and device == "cuda" else name, "m": m, "n": n, "k": k}
            yield "gemm", row, 2 * m * n * k, "FLOP/s", _product(m, n, k, dtype, device)
    for m, n, k in PRODUCTS["accelerator"] if size == "accelerator" else ():
        yield "gemm", {"precision": "fp8", "m": m, "n": n, "k": k}, 2 * m * n * k, "FLOP/s", _fp8(m, n, k, device)
    heads = HEADS[size]
    for kernel in (*BACKENDS, *(PACKAGES if size == "accelerator" else ())):
        for width in WIDTHS:
            for length in LENGTHS[size]:
                if kernel == "math" and heads * length**2 * 4 > MATH_LIMIT:
                    continue
                row = {"kernel": kernel, "precision": "bf16", "head_dim": width, "sequence": length}
                work = 4 * heads * length**2 * width
                prepare = (PACKAGES.get(kernel) or _attention)(kernel, heads, length, width, device)
                yield "attention", row, work, "FLOP/s", prepare
    for c_in, c_out, *grid in CONVOLUTIONS[size]:
        positions = grid[0] * grid[1] * grid[2]
        row = {"precision": "bf16", "positions": positions, "c_in": c_in, "c_out": c_out, "taps": 27}
        yield "convolution", row, 2 * positions * c_in * c_out * 27, "FLOP/s", _convolution(c_in, c_out, grid, device)
    count = COPIED[size] // 2
    yield "copy", {"kind": "copy"}, 4 * count, "B/s", _copy(count, device)
    yield "copy", {"kind": "scale"}, 4 * count, "B/s", _scale(count, device)
    if device != "cpu":
        for kind in ("pinned", "pageable"):
            for way in ("h2d", "d2h"):
                yield "host_copy", {"kind": kind, "way": way}, 2 * count, "B/s", _host(count, kind, way, device)


def timed(call: Callable[[], Any], device: str, seconds: float, most: int = 50, least: int = 3) -> float:
    """Median seconds of a call, in about `seconds` altogether, after two to warm up.

    On a CPU the fastest: there other processes take their turns. On a GPU the median is what its power sustains.
    """
    waiting = _waiter(device)
    began = time.perf_counter()
    with torch.no_grad(), tf32():
        call()
        call()
        waiting()
        spent: list[float] = []
        while len(spent) < least or (time.perf_counter() - began < seconds and len(spent) < most):
            start = time.perf_counter()
            call()
            waiting()
            spent.append(time.perf_counter() - start)
    return min(spent) if device == "cpu" else median(spent)


@contextmanager
def tf32() -> Iterator[None]:
    """float32 products in tf32 on CUDA, as their rows say."""
    usual = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = usual


def name_of(device: str) -> str:
    """What the device calls itself."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


def memory_of(device: str) -> str:
    """Bytes of memory that software sees, with their unit."""
    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_properties(device).total_memory} B"
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')} B"


def devices() -> list[str]:
    """The devices that torch can use here, the fastest first."""
    return list(dict.fromkeys((usual_device(), "cpu")))


def usual_device() -> str:
    """The accelerator that torch has, else the CPU."""
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return accelerator.type if accelerator is not None else "cpu"


def _waiter(device: str) -> Callable[[], None]:
    """What waits until the device is done."""
    return (lambda: None) if device == "cpu" else torch.accelerator.synchronize


def _product(m: int, n: int, k: int, dtype: torch.dtype, device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        left, right = torch.randn(m, k, device=device, dtype=dtype), torch.randn(n, k, device=device, dtype=dtype)
        return lambda: torch.nn.functional.linear(left, right)

    return prepare


def _attention(kernel: str, heads: int, length: int, width: int, device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        q, k, v = (torch.randn(1, heads, length, width, device=device, dtype=torch.bfloat16) for _ in range(3))

        def call() -> Any:
            with sdpa_kernel(BACKENDS[kernel]):
                return scaled_dot_product_attention(q, k, v)

        return call

    return prepare


def _fp8(m: int, n: int, k: int, device: str) -> Callable[[], Callable[[], Any]]:
    """An fp8 product whose rows are brought to fp8 first, as a quantised layer does."""

    def prepare() -> Callable[[], Any]:
        left = torch.randn(m, k, device=device, dtype=torch.bfloat16)
        right = torch.randn(n, k, device=device, dtype=torch.bfloat16).to(torch.float8_e4m3fn).t()
        one = torch.ones((), device=device)

        def call() -> Any:
            rows = (left * 0.5).to(torch.float8_e4m3fn)
            return torch._scaled_mm(rows, right, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)

        return call

    return prepare


def _flash3(_kernel: str, heads: int, length: int, width: int, device: str) -> Callable[[], Callable[[], Any]]:
    """FlashAttention-3, where its package is installed."""

    def prepare() -> Callable[[], Any]:
        attend = import_module("flash_attn_interface").flash_attn_func
        q, k, v = (torch.randn(1, length, heads, width, device=device, dtype=torch.bfloat16) for _ in range(3))
        return lambda: attend(q, k, v)

    return prepare


def _sage(kernel: str, heads: int, length: int, width: int, device: str) -> Callable[[], Callable[[], Any]]:
    """SageAttention 1 or 2, whichever is installed."""

    def prepare() -> Callable[[], Any]:
        attend = import_module("sageattention").sageattn
        if not kernel.startswith("sage" + version("sageattention")[0]):
            raise ImportError(kernel)
        q, k, v = (torch.randn(1, heads, length, width, device=device, dtype=torch.bfloat16) for _ in range(3))
        return lambda: attend(q, k, v, tensor_layout="HND")

    return prepare


PACKAGES = {"flash3": _flash3, "sage1": _sage, "sage2": _sage}


def _convolution(c_in: int, c_out: int, grid: list[int], device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        video = torch.randn(1, c_in, *grid, device=device, dtype=torch.bfloat16)
        weight = torch.randn(c_out, c_in, 3, 3, 3, device=device, dtype=torch.bfloat16)
        return lambda: torch.nn.functional.conv3d(video, weight, padding=1)

    return prepare


def _copy(count: int, device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        source, target = (torch.zeros(count, device=device, dtype=torch.bfloat16) for _ in range(2))
        return lambda: target.copy_(source)

    return prepare


def _scale(count: int, device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        tensor = torch.zeros(count, device=device, dtype=torch.bfloat16)
        return lambda: tensor.mul_(1.5)

    return prepare


def _host(count: int, kind: str, way: str, device: str) -> Callable[[], Callable[[], Any]]:
    def prepare() -> Callable[[], Any]:
        host = torch.zeros(count, dtype=torch.bfloat16, pin_memory=kind == "pinned")
        there = torch.zeros(count, device=device, dtype=torch.bfloat16)
        return (lambda: there.copy_(host)) if way == "h2d" else (lambda: host.copy_(there))

    return prepare
