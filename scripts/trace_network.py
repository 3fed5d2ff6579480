"""Prints a forward pass of a published network op by op: see `vidcalc.reference.trace`. Needs the extra `reference`."""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from vidcalc.reference.catalogue import component_of, shape_of
from vidcalc.reference.classes import build
from vidcalc.reference.live import Storage
from vidcalc.reference.trace import Row, Trace, trace
from vidcalc.reference.verify import COMPONENTS, call_of

MIB = 2**20


def main(arguments: list[str] | None = None) -> None:
    """Parses the command line, runs the trace and prints the rows asked for."""
    options = _parser().parse_args(arguments)
    shape = shape_of(
        options.model, options.component, options.size, options.batch, tiling=options.tiling, tokens=options.tokens
    )
    class_name, config = component_of(options.model, options.component)
    config |= json.loads(options.change)
    module = build(class_name, config, options.dtype)
    traced = trace(module, call_of(options.component, module, shape), options.train, options.checkpointing)
    for line in _lines(traced, options):
        print(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python scripts/trace_network.py")
    parser.add_argument("model", help="catalogue name, or a model file (.toml)")
    parser.add_argument("--component", choices=COMPONENTS, default="denoiser")
    parser.add_argument("--size", default="480x320x33", help="width x height x frames of the clip, in pixels")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--tokens", type=int, help="text length; default: what the class pads to")
    parser.add_argument("--dtype", choices=("bf16", "fp16", "fp32"), default="bf16")
    parser.add_argument("--change", default="{}", help='changes to the configuration, as JSON: {"num_layers": 2}')
    parser.add_argument("--tiling", action="store_true", help="autoencoders: turn tiling on")
    parser.add_argument("--train", action="store_true", help="forward and backward")
    parser.add_argument("--checkpointing", action="store_true", help="with --train: gradient checkpointing")
    parser.add_argument("--module", default="", help="only modules whose path begins so")
    parser.add_argument("--views", action="store_true", help="also ops that make no storage and no FLOPs")
    parser.add_argument("--unfold", action="store_true", help="do not fold repeated blocks")
    parser.add_argument("--around-peak", type=int, metavar="N", help="only N rows before and after the peak")
    parser.add_argument("--peak", action="store_true", help="list what is alive at the peak")
    parser.add_argument("--kept", action="store_true", help="list what is alive right after the forward pass")
    parser.add_argument("--json", action="store_true", help="every row as one JSON object a line")
    return parser


def _lines(traced: Trace, options: argparse.Namespace) -> Iterator[str]:
    if options.json:
        yield from (json.dumps(asdict(row)) for row in traced.rows)
        return
    if options.peak or options.kept:
        yield from _alive(traced.alive_at(traced.peak_op) if options.peak else traced.kept_after_forward())
    else:
        rows = [row for row in traced.rows if _wanted(row, traced, options)]
        yield from _table(rows if options.unfold or options.module else _folded(rows), traced)
    peak = traced.rows[traced.peak_op]
    yield (
        f"peak {traced.peak} B = {traced.peak / MIB:.1f} MiB "
        f"after op {peak.op} {peak.module} {peak.name} {peak.output}; "
        f"after forward {traced.kept} B; "
        f"{len(traced.rows)} ops, {sum(row.flops for row in traced.rows)} FLOP"
    )


def _wanted(row: Row, traced: Trace, options: argparse.Namespace) -> bool:
    return (
        row.module.startswith(options.module)
        and (options.views or bool(row.made or row.flops) or row.op == traced.peak_op)
        and (options.around_peak is None or abs(row.op - traced.peak_op) <= options.around_peak)
    )


def _folded(rows: list[Row]) -> list[Row]:
    """Leaves out the middle blocks of a stack (`blocks.1` up to the last but one): they do what the first does."""
    numbers: dict[str, set[int]] = {}
    for row in rows:
        for stem, number in _blocks(row):
            numbers.setdefault(stem, set()).add(number)
    kept = {stem: {0, 1, max(seen)} for stem, seen in numbers.items()}
    return [row for row in rows if all(number in kept[stem] for stem, number in _blocks(row))]


def _blocks(row: Row) -> list[tuple[str, int]]:
    match = re.match(r"(?:<\w+> )?(\w*blocks\w*|layers)\.(\d+)", row.module)
    return [(match[1], int(match[2]))] if match else []


def _table(rows: Iterable[Row], traced: Trace) -> Iterator[str]:
    yield f"{'op':>6} {'live MiB':>10} {'+MiB':>9} {'-MiB':>9} {'GFLOP':>9}  module  op  output"
    rows = list(rows)
    before = sum(row.live - row.made + row.freed for row in rows[:1])
    for row in rows:
        mark = "*" if row.op == traced.peak_op else " "
        freed, before = before + row.made - row.live, row.live  # ops between the printed rows may free too
        yield (
            f"{row.op:>6}{mark}{row.live / MIB:>10.2f} {row.made / MIB:>9.2f} {freed / MIB:>9.2f}"
            f" {row.flops / 1e9:>9.2f}  {row.module or '-'}  {row.name}  {row.output}"
        )


def _alive(alive: list[tuple[Storage, Row]]) -> Iterator[str]:
    """Equal rows (same size, op and output, any block number) are added up; what is small in sum goes in one line."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for storage, row in alive:
        key = re.sub(r"\.\d+\b", ".N", row.module), row.name, row.output
        groups.setdefault(key, []).append(storage.bytes)
    yield f"{'MiB':>10} {'count':>6} {'bytes each':>13}  made by"
    for (module, name, output), sizes in sorted(groups.items(), key=lambda item: -sum(item[1])):
        yield f"{sum(sizes) / MIB:>10.2f} {len(sizes):>6} {sizes[0]:>13}  {module or '-'}  {name}  {output}"


if __name__ == "__main__":
    main()
