"""Measured rows -> predictions beside measurements, in bytes and seconds."""

import re
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.base.number import scalar
from vidcalc.catalog import caches, load
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.frameworks import names as frameworks
from vidcalc.catalog.load import table
from vidcalc.catalog.precisions import choices, precision
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.question import Question
from vidcalc.rates import kernels
from vidcalc.rates.spread import run_spread
from vidcalc.validate import counters, text
from vidcalc.validate.asked import answer
from vidcalc.validate.bands import Band, envelope, held
from vidcalc.validate.bands import spent as lasted
from vidcalc.validate.compared import KEPT, Bound, Compared, Result, compared
from vidcalc.validate.contradiction import contradiction
from vidcalc.validate.engine import engine
from vidcalc.validate.mapping import Case, case, model_of
from vidcalc.validate.sources import completed, doubt_of, origin, view
from vidcalc.validate.summary import Summary, summarise
from vidcalc.validate.table import Row, number
from vidcalc.validate.unmapped import Unmapped

FITS = re.compile(r"fits[^\d]*(\d+(?:\.\d+)?) ?G", re.IGNORECASE)
FAILED = re.compile(r"\bOOM\b|out of memory", re.IGNORECASE)


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, in the order of the file, and how well they came out."""

    rows: list[Result]
    summary: Summary
    schema: str = "vidcalc.validation/2"


def validate(rows: list[Row]) -> Validation:
    """Every row predicted, or with the reason it cannot be; no row is dropped."""
    results = [result(row) for row in rows]
    return Validation(rows=results, summary=summarise(results, rows))


@cache
def fitted() -> frozenset[str]:
    """Ids of all rows that a constant was fitted to."""
    profiles = {row for name in frameworks() for row in framework(name).fitted}
    formats = {row for name in choices() for row in precision(name).fitted}
    shared = {row for name in ("parallel", "defaults", "products") for part in _rows_of(table(name)) for row in part}
    left_out = set(caches.fitted())
    laws = load.entry("kernels", "laws")
    rates = {row for law in (laws["elementwise"], laws["launch"], laws["attention"]["masked"]) for row in law["fitted"]}
    decodes = {name for row in kernels.rows("convolution") for name in row["measurement"].split()}
    return frozenset(profiles | formats | shared | left_out | rates | decodes | set(counters.facts().fitted))


def _rows_of(facts: Facts) -> list[list[str]]:
    """Every list of fitted rows in a data file's tables."""
    inner = [rows for value in facts.values() if isinstance(value, dict) for rows in _rows_of(value)]
    return [*inner, *([facts["fitted"]] if "fitted" in facts else [])]


def result(row: Row) -> Result:
    """One row's predictions; rows that differ by their ids alone are asked once."""
    row = completed(row)
    role = "fit" if row.role == "fit" or row.id in fitted() else "check"
    return replace(_result(replace(row, id="", role=""), view(row)), id=row.id, role=role)


@lru_cache(maxsize=KEPT)
def _result(row: Row, seen: str) -> Result:
    """The predictions of a row without its id; `seen` is its view."""
    gigabytes, lasted = number(row.peak_mem_gb), number(row.time_s)
    nbytes = None if gigabytes is None else gigabytes * counters.GIB
    program = engine(row, model_of(row))
    counter = counters.of(row.mem_unit_note, program.label)
    labels: dict[str, Any] = {
        "id": "",
        "role": "",
        "gpu": text.gpu(row.gpu) or "",
        "framework": program.label,
        "counter": counter if nbytes is not None else "",
        "source": origin(row.source),
        "view": seen,
        "doubt": doubt_of(row),
        "assumed": ("framework",) if not program.label else (),
    }
    try:
        job = case(row)
        labels["doubt"] = labels["doubt"] or contradiction(row, job.question, nbytes)
        memory = _memory(job, counter)
        spent = None if job.no_time else seconds(job)
    except (Unmapped, InputError, ModuleNotFoundError, ArithmeticError) as error:
        reason = error.reason if isinstance(error, Unmapped) else "impossible_setting"
        empty = Compared(measured=nbytes, reason=reason), Compared(measured=lasted, reason=reason)
        return Result(
            status="unmapped", reason=reason, model="", family=row.model, memory=empty[0], time=empty[1], **labels
        )
    return Result(
        status="predicted",
        reason=None,
        model=job.question.model.name,
        family=job.question.model.family,
        memory=compared(memory.likely, nbytes, (memory.low, memory.high)),
        time=compared(spent.likely, lasted, (spent.low, spent.high))
        if spent
        else Compared(measured=lasted, reason=job.no_time),
        scope=job.scope,
        provenance=answer(job.question).time.provenance if spent else "",
        bound=_bound(row, job),
        **labels,
    )


def _capacity(job: Case) -> float:
    return float(job.question.hardware.accelerator.capacity)


def _memory(job: Case, counter: str) -> Band:
    """The peak as the row's counter would show it, with its band [byte]."""
    return envelope([_held(job, each, counter) for each in (job.question, *job.others)])


def _held(job: Case, question: Question, counter: str) -> Band:
    """The same of one program that it may have run under [byte]."""
    # the framework's further models count as on the device throughout: less the share that this row moves off
    away = framework(question.plan.framework).beside * (1 - job.beside)
    found = answer(question)
    own = [stage for stage in found.stages if stage.id == job.stage] or found.stages
    # gone before the size of the card bounds what is reserved
    own = [replace(each, weights=each.weights - away, total=each.total - away) for each in own]
    peak = counters.counted(own, counter, question.hardware.accelerator, found.allocator)
    return held("memory", counter, peak).unless(job.engine.known != "assumed", "memory")


def seconds(job: Case) -> Band:
    """Low, likely and high of what the row's time covers [second]."""
    return envelope([_spent(job, each) for each in (job.question, *job.others)])


def _spent(job: Case, question: Question) -> Band:
    spent = answer(question).time
    likely: Any = {
        "total": spent.total,
        "denoise": spent.denoise,
        "per_step": spent.per_step,
        "vae_decode": spent.vae_decode,
        "gpu_seconds": spent.total * question.hardware.total,
    }[job.scope]
    low, high = run_spread("total", spent.provenance)
    ends = likely * (spent.low / low) / spent.total, likely * (spent.high / high) / spent.total
    band = lasted(job.scope, likely, ends, spent.provenance)
    return band.unless(job.engine.known != "assumed", "time")


def _bound(row: Row, job: Case) -> Bound | None:
    """What a row says instead of a peak: it fits a card, or it did not; and whether the prediction says so too."""
    told = f"{row.peak_mem_gb}; {row.mem_unit_note}"
    fits = FITS.search(told)
    kind = "fits" if fits else "oom" if FAILED.search(told) else ""
    if not kind or not row.gpu or number(row.peak_mem_gb):
        return None
    found, chip = answer(job.question), job.question.hardware.accelerator
    need = float(scalar(counters.counted(found.stages, "device", chip, found.allocator)))
    limit = float(fits.group(1)) * counters.GIB if fits else _capacity(job)
    shown = verdict(*interval(need), limit)
    return Bound(kind=kind, limit=limit, right=bool((need > limit) == (kind == "oom")), open=bool(shown == "tight"))
