"""Measured rows -> predictions beside measurements, in bytes and seconds."""

from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.account.time import inference_time
from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.frameworks import names as frameworks
from vidcalc.catalog.load import table
from vidcalc.catalog.precisions import choices, precision
from vidcalc.catalog.speedups import SPARSE, STEP_CACHE, settings
from vidcalc.cost import memory
from vidcalc.passes import generation, guidance, legal
from vidcalc.rates import kernels
from vidcalc.validate import counters, text
from vidcalc.validate.compared import Compared, Result, compared
from vidcalc.validate.mapping import Case, Unmapped, case, framework_of
from vidcalc.validate.summary import Summary, summarise
from vidcalc.validate.table import Row, number


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, in the order of the file, and how well they came out."""

    rows: list[Result]
    summary: Summary
    schema: str = "vidcalc.validation/1"


def validate(rows: list[Row]) -> Validation:
    """Every row predicted, or with the reason it cannot be; no row is dropped."""
    results = [result(row) for row in rows]
    return Validation(rows=results, summary=summarise(results, rows))


def fitted() -> frozenset[str]:
    """Ids of all rows that a constant was fitted to."""
    profiles = {row for name in frameworks() for row in framework(name).fitted}
    formats = {row for name in choices() for row in precision(name).fitted}
    shared = {row for name in ("parallel", "defaults") for part in _rows_of(table(name)) for row in part}
    left_out = {row for kind in (STEP_CACHE, SPARSE) for each in settings(kind) for row in each.fitted}
    laws = load.entry("kernels", "laws")
    rates = {row for law in (laws["elementwise"], laws["launch"], laws["attention"]["masked"]) for row in law["fitted"]}
    decodes = {name for row in kernels.rows("convolution") for name in row["measurement"].split()}
    return frozenset(profiles | formats | shared | left_out | rates | decodes | set(counters.facts().fitted))


def _rows_of(facts: Facts) -> list[list[str]]:
    """Every list of fitted rows in a data file's tables."""
    inner = [rows for value in facts.values() if isinstance(value, dict) for rows in _rows_of(value)]
    return [*inner, *([facts["fitted"]] if "fitted" in facts else [])]


def result(row: Row) -> Result:
    """One row's predictions."""
    gigabytes, lasted = number(row.peak_mem_gb), number(row.time_s)
    nbytes = None if gigabytes is None else gigabytes * counters.GIB
    counter = str(text.first("counter", row.mem_unit_note).get("counter", "unknown"))
    labels: dict[str, Any] = {
        "id": row.id,
        "role": "fit" if row.role == "fit" or row.id in fitted() else "check",
        "gpu": text.gpu(row.gpu) or "",
        "framework": framework_of(row),
        "counter": counter if nbytes is not None else "",
    }
    try:
        job = case(row)
        question = job.question
        legal.checked(question.model, question.plan, guidance.possible(question.plan))
        peak, spent = _memory(job, counter), None
        if not job.no_time:
            spent = seconds(job, str(text.first("time", row.time_scope)["scope"]))
    except (Unmapped, InputError, ModuleNotFoundError, ArithmeticError) as error:
        reason = error.reason if isinstance(error, Unmapped) else "impossible_setting"
        empty = Compared(measured=nbytes, reason=reason), Compared(measured=lasted, reason=reason)
        return Result(
            status="unmapped", reason=reason, model="", family=row.model, memory=empty[0], time=empty[1], **labels
        )
    return Result(
        status="predicted",
        reason=None,
        model=question.model.name,
        family=question.model.family,
        memory=compared(peak, nbytes, counters.band(peak, counter)),
        time=compared(spent[1], lasted, (spent[0], spent[2]))
        if spent
        else Compared(measured=lasted, reason=job.no_time),
        **labels,
    )


def _memory(job: Case, counter: str) -> float:
    """The peak as the row's counter would show it [byte]."""
    ledger, _ = generation(*job.question)
    # the framework's further models count as on the device throughout: less the share that this row moves off
    away = framework(job.framework).beside * (1 - job.beside)
    stages = memory.stages(ledger)
    predicted = counters.counted(stages, counter, job.question.hardware.accelerator.capacity) - away
    if job.since == "load":
        predicted = max(predicted, _loaded(job))
    return float(predicted)


def _loaded(job: Case) -> int:
    """Bytes of all weights before they are quantised [byte]."""
    plan = replace(job.question.plan, precision="bf16", text_encoder_precision="bf16", vae_precision="bf16")
    ledger, _ = generation(*job.question._replace(plan=plan))
    return sum(int(network.weights.total) for network in ledger.weights.values())


def seconds(job: Case, scope: str) -> tuple[float, float, float]:
    """Low, likely and high of what the row's time covers [second]."""
    ledger, first = generation(*job.question)
    spent = inference_time(ledger, first, job.question.hardware)
    likely: Any = {
        "total": spent.total,
        "denoise": spent.denoise,
        "per_step": spent.per_step,
        "vae_decode": spent.vae_decode,
        "gpu_seconds": spent.total * job.question.hardware.total,
    }[scope]
    return likely * spent.low / spent.total, likely, likely * spent.high / spent.total
