"""Attention kernels: from the rows of `data/kernels/attention.csv` to curves per accelerator, kernel and head width.

What a chip has no rows of it borrows: from its twins, which are the same silicon, else from a relative. FLOP are
nominal, 4 x queries x keys x head width per head, also for quantised kernels, whose rate may therefore pass the 16-bit
peak.
"""

from statistics import median
from typing import Any

from vidcalc.base.number import Number, largest
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates import attention_series as series
from vidcalc.rates.attention_lengths import generation, ragged
from vidcalc.rates.relatives import FIRST, OWN, alike, degree, relatives, slowed, wider

Curve = dict[str, Any]
Row = dict[str, str]
KERNELS = ("math", "xformers", "flash2", "flash3", "flash4", "cudnn", "sage1", "sage2", "sage2++", "sage3")
# torch.nn.functional.scaled_dot_product_attention tries cuDNN first on these chips from torch 2.11, whose wheels bring
# the cuDNN 9.15.1 that sdp_utils.cpp asks for; from 2.5.1 on it was opt-in (pytorch/pytorch#138522)
CUDNN_FIRST = ("9.0", "10.0", "10.3")
# libraries of the time of older torch, measured then; they stand in on chips of the same generation alone
OLDER = {"cudnn-2024": "cudnn"}


def attention_curves(
    chips: dict[str, Accelerator],
    table: list[Row],
    laws: Curve,
    far: dict[str, float],
    products: dict[tuple[str, str], float],
) -> dict[str, Curve]:
    """For each chip: the kernels it runs, what `sdpa` stands for, their curves by format and head width.

    far       how wide the band of what is borrowed is, by degree of kinship (`vidcalc.rates.relatives`)
    products  measured plateaus of products by chip and format [FLOP/s]
    """
    ratios = {way: series.ratio(table, way) for way in ("causal", "both")}
    losses = ragged(chips, table)
    own: dict[tuple[str, str, str], dict[str, Curve]] = {}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in table:
        groups.setdefault((row["accelerator"], row["kernel"], series.format_of(row)), []).append(row)
    # rows of the same silicon count beside a chip's own
    alone = {key: tuple(rows) for key, rows in groups.items()}
    for (name, kernel, format_), rows in groups.items():
        for other in alike(chips, name):
            rows += alone.get((other, kernel, format_), ())
    for key, group in groups.items():
        loss = losses.get((generation(chips[key[0]]), key[1]), 1.0)
        by_width = series.by_width(group, ratios, laws["attention"], loss)
        by_width = {**series.both_ways(group, by_width, laws["attention"]), **by_width}
        if by_width:
            own[key] = by_width
    factors, backward = _head_dim_factors(own), series.backward(table)
    result: dict[str, Curve] = {}
    for name, chip in chips.items():
        kernels = runs(chip)
        by_kernel: dict[str, dict[str, dict[str, Curve]]] = {}
        for kernel in kernels:
            for format_ in ("half", "fp8"):
                by_width = _curves(chips, name, kernel, format_, own, laws, far, products)
                if by_width:
                    by_kernel.setdefault(kernel, {})[format_] = by_width
        older = {
            kernel: {"half": by_width}
            for rows, kernel in OLDER.items()
            if kernel in kernels
            and (by_width := _curves(_peers(chips, name), name, rows, "half", own, laws, far, products))
        }
        result[name] = {
            "kernels": kernels,
            "older": older,
            "sdpa": {"early": sdpa(chip, ()), "late": sdpa(chip)},
            "flash": {"early": flash(chip, ("flash2",)), "late": flash(chip, NEWEST)},
            "masked": masked(chip, laws["attention"]["masked"]),
            "attention": by_kernel,
            "head_dim_factors": factors,
            "backward": {kernel: backward.get(kernel, median(backward.values())) for kernel in kernels},
            "ragged": {kernel: losses.get((generation(chip), kernel), 1.0) for kernel in kernels},
        }
    return result


def _peers(chips: dict[str, Accelerator], name: str) -> dict[str, Accelerator]:
    """The chips of a chip's own generation."""
    return {other: chip for other, chip in chips.items() if generation(chip) == generation(chips[name])}


def runs(chip: Accelerator) -> list[str]:
    """The attention kernels that exist for a chip."""
    nvidia = chip.vendor == "NVIDIA"
    capability = float(chip.compute_capability or 0) if nvidia else 0.0
    # torch 2.13 testing/_internal/common_cuda.py: its kernels for ROCm (AOTriton) are on for gfx90a, gfx942, gfx950,
    # gfx1100 and gfx1201; for gfx1101, gfx1102 and gfx1200 behind TORCH_ROCM_AOTRITON_ENABLE_EXPERIMENTAL alone
    amd = chip.vendor == "AMD" and chip.supports.get("sdpa", True)
    support = {
        "math": True,
        "xformers": nvidia or amd,
        # where nothing is known a fused kernel of the vendor's own (Pallas, Habana ...) stands in for FlashAttention-2
        "flash2": chip.supports.get("flash2", True),
        "flash3": chip.supports.get("flash3", False),
        "flash4": chip.supports.get("flash4", False),
        "cudnn": nvidia and capability >= 8.0,
        "sage1": nvidia and capability >= 8.0,
        "sage2": nvidia and capability >= 8.0,
        # the faster 8-bit accumulation and the fp4 kernel were published for these chips only
        "sage2++": nvidia and (capability == 8.9 or capability >= 12.0),
        "sage3": nvidia and capability >= 12.0,
    }
    return [kernel for kernel in KERNELS if support[kernel]]


def sdpa(chip: Accelerator, cudnn_first: tuple[str, ...] = CUDNN_FIRST) -> str:
    """The kernel that torch's scaled_dot_product_attention picks for 16-bit inputs without a mask."""
    kernels = runs(chip) if chip.supports.get("sdpa", True) else ["math"]  # else a package's kernel, asked for by name
    if "cudnn" in kernels and chip.compute_capability in cudnn_first:
        return "cudnn"
    return next(kernel for kernel in ("flash2", "xformers", "math") if kernel in kernels)


NEWEST = ("flash4", "flash3", "flash2")


def flash(chip: Accelerator, wanted: tuple[str, ...]) -> str:
    """The first of some FlashAttention kernels that a chip runs, else what torch picks."""
    kernels = runs(chip)
    return next((kernel for kernel in wanted if kernel in kernels), sdpa(chip, ()))


def masked(chip: Accelerator, law: Curve) -> Curve:
    """By stack, the kernel that scaled_dot_product_attention picks where it is given a mask, and what that costs.

    FlashAttention takes no mask: what runs then is cuDNN where torch prefers it, else the memory-efficient kernel. The
    cost is in float32 operations of the vector units a score.
    """
    kernels = runs(chip)
    efficient = {
        "kernel": "xformers" if "xformers" in kernels else sdpa(chip, ()),
        **dict.fromkeys(("low", "likely", "high"), 0),
    }
    slower = {"kernel": "cudnn", **{key: law[key] for key in ("low", "likely", "high")}}
    return {"early": efficient, "late": slower if sdpa(chip) == "cudnn" else efficient}


def _head_dim_factors(own: dict[tuple[str, str, str], dict[str, Curve]]) -> dict[str, dict[str, float]]:
    """Rate at a head width over that at 128 by kernel, the median over chips that have both; "" of all kernels."""
    ratios: dict[str, dict[str, list[float]]] = {}
    for (_, kernel, _format), curves in own.items():
        if "128" in curves:
            for head_dim, curve in curves.items():
                for name in (kernel, ""):
                    ratios.setdefault(name, {}).setdefault(head_dim, []).append(
                        curve["likely"] / curves["128"]["likely"]
                    )
    every = {
        name: {head_dim: median(values) for head_dim, values in sorted(found.items(), key=lambda item: int(item[0]))}
        for name, found in ratios.items()
    }
    # a width that a kernel was not measured at is as wide a loss as in the others
    return {
        name: dict(sorted({**every[""], **found}.items(), key=lambda item: int(item[0])))
        for name, found in every.items()
    }


def _curves(
    chips: dict[str, Accelerator],
    name: str,
    kernel: str,
    format_: str,
    own: dict[tuple[str, str, str], dict[str, Curve]],
    laws: Curve,
    far: dict[str, float],
    products: dict[tuple[str, str], float],
) -> dict[str, Curve]:
    """A chip's own curves, else those of the nearest relative as a share of the peak of the arithmetic they use.

    Where both are the same silicon and the chip has less power, they fall as its products do.
    """
    chip, precision = chips[name], "bf16" if format_ == "half" else "fp8"
    if format_ == "fp8" and chip.arithmetic("fp8") != "fp8":
        return {}
    peak = bound(chip, kernel, precision)
    # a rate far above the dense peak is no rate: cut as the rows are (data/kernels/laws.toml)
    limit = laws["peak_tolerance"] * peak
    donors = [(name, kernel, format_), *((other, kernel, format_) for other in relatives(chips, name))]
    donor = next((key for key in donors if key in own), None)
    if donor is None:
        return {}
    mine = donor[0] == name
    carried = 0.0 if mine else _carried(own, name, donor)
    # the donor's share of its peak, at this chip's and its power, unless a kernel was measured on both
    it = chips[donor[0]]
    factor = 1.0 if mine else carried or peak / bound(it, kernel, precision) * slowed(chip, it, products)
    kin = OWN if mine else FIRST if carried else degree(chip, chips[donor[0]])
    found = {}
    for head_dim, theirs in own[donor].items():
        rates = {**theirs, **{key: min(theirs[key] * factor, limit) for key in ("low", "likely", "high")}}
        found[head_dim] = {
            **wider(rates, far[kin], limit),
            "limit": limit,
            "provenance": theirs["provenance"] if mine else "assumed",
            "source": theirs["source"] if mine else f"{donor[0]}: {theirs['source']}",
        }
    return found


def _carried(own: dict[tuple[str, str, str], dict[str, Curve]], name: str, donor: tuple[str, str, str]) -> float:
    """How a chip compares with a donor in the kernel measured on both that is nearest in speed; 0 where none is.

    Better than the ratio of peaks where products were cut by law and not by silicon (H20): there every kernel runs
    close to the peak.
    """
    other, wanted, format_ = donor
    quantised = wanted.startswith("sage")
    ratios = []
    for kernel in KERNELS:
        both = own.get((name, kernel, format_), {}), own.get((other, kernel, format_), {})
        for width in sorted(set(both[0]) & set(both[1]) & set(own[donor]), key=int):
            if kernel.startswith("sage") == quantised:
                mine, theirs = both[0][width]["likely"], both[1][width]["likely"]
                # how far the kernel measured on both is from the one that is borrowed, as a factor
                apart = theirs / own[donor][width]["likely"]
                ratios.append((max(apart, 1 / apart), mine / theirs))
    # the ratio of the kernel that is least apart
    return min(ratios)[1] if ratios else 0.0


def bound(chip: Accelerator, kernel: str, precision: str) -> Number:
    """The dense peak of the fastest arithmetic that a kernel uses."""
    fast = {
        "sage1": ("int8",),
        "sage2": ("int8", "fp8_accumulate_fp16", "fp8"),
        "sage2++": ("int8", "fp8_accumulate_fp16", "fp8"),
        "sage3": ("fp4",),
    }
    return largest([chip.peak(precision), *(chip.peaks.get(name, 0.0) for name in fast.get(kernel, ()))])
