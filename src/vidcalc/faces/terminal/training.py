"""A training run on one page: what it is, memory by phase, steps by bucket, time, money, data and disk."""

from vidcalc.base.units import HOUR
from vidcalc.faces.terminal import notes
from vidcalc.faces.terminal.cells import Cell, Paint, halved, hanging, table
from vidcalc.faces.terminal.fix import listed
from vidcalc.faces.terminal.memory import stages, titled
from vidcalc.faces.terminal.numbers import count, data, duration, energy, flop, hours, mass, money, rate, share, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PHASES, PROVENANCE, PROVIDERS, STAGES, VERDICTS, label
from vidcalc.report.training import PhaseRow, TrainingReport

ROWS = (
    ("weights", "█", ("weights", "vae", "encoders")),
    ("states", "▒", ("optimizer", "gradients", "other")),
    ("activations", "▓", ("activations",)),
)


def draw(report: TrainingReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    blocks = [part(report, colour, cells) for part in (head, phases, ways, totals, buckets, spent, run, notes.notes)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def ways(report: TrainingReport, paint: Paint, cells: int, most: int | None = None) -> list[str]:
    """What to change where it does not fit: all ways, or the first few."""
    memory = report.memory
    if memory.verdict != "too_big":
        return []
    beside = memory.host_room is not None and memory.host_room.verdict == "too_big" and memory.margin >= 0
    return listed(report.relief[:most], "train", report.time.per_step, beside, paint, cells)


def head(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """Model, what is trained and how, ranks; and at a glance whether it fits, how long and how much."""
    plan, ranks, memory = report.plan["training"], report.ranks, report.memory
    title = f"{report.model.title} · {_('{count} parameters', count=count(report.model.params_total))}"
    pieces = [plan["mode"], _("{count} trained", count=count(report.run.trained)), plan["recipe"], plan["optimizer"]]
    pieces += [plan["trainer"]] if plan["trainer"] != "none" else []
    pieces.append(_("checkpointing {mode}", mode=plan["checkpointing"]))
    where = [f"{whole(ranks.world)} × {report.hardware.name} · {data(report.hardware.capacity)}"]
    degrees = {"dp": ranks.data, "cp": ranks.context, "tp": ranks.tensor, "pp": ranks.pipeline}
    where += [f"{name} {whole(degree)}" for name, degree in degrees.items() if degree > 1]
    where += [f"{ranks.sharding} / {whole(ranks.shards)}"] if ranks.sharding != "none" else []
    lines = [paint(line, "title") for line in hanging(title, cells)]
    lines += [*hanging(" · ".join(pieces), cells), *hanging(" · ".join(where), cells), ""]
    room = _("{size} free", size=data(memory.margin)) if memory.margin >= 0 else ""
    room = room or _("{size} missing", size=data(-memory.margin))
    beside = memory.host_room
    if beside is not None and beside.margin < 0 <= memory.margin:  # the GPU has room, the machine has not
        room = _("{size} of host RAM missing", size=data(-beside.margin))
    verdict: Cell = (label(VERDICTS, memory.verdict), STYLES.get(memory.verdict, ""))
    price = money(report.cost.likely) if report.cost is not None else ""
    row: list[Cell] = [(_("Train"), "title"), verdict, data(memory.peak), room, duration(report.time.total), price]
    return lines + table([row], "<<><<<", paint)


def phases(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """A bar per phase of a step, in the bucket that needs most."""
    memory = report.memory
    rows = [
        (row.id, label(PHASES, row.id), row.total, [(amount(row, of), letter, style(id_)) for id_, letter, of in ROWS])
        for row in memory.phases
    ]
    peak = next(row for row in memory.phases if row.id == memory.peak_phase)
    words = {"weights": _("weights"), "states": _("states and other"), "activations": _("activations")}
    entries = [(letter, f"{words[id_]} {data(amount(peak, fields))}", style(id_)) for id_, letter, fields in ROWS]
    size = report.buckets[memory.peak_bucket]
    beside = _("* largest in the bucket {size}", size=f"{size.width}×{size.height}×{size.frames}")
    host = _("host RAM {size}", size=data(memory.host_ram))
    if memory.host_loading > memory.host_ram:
        host += " · " + _("{size} of host RAM while loading", size=data(memory.host_loading))
    sizes = memory.capacity, memory.peak
    lines = stages(_("GPU memory through a step"), rows, memory.peak_phase, sizes, entries, paint, cells)
    return [*lines, *(paint(line, "dim") for line in hanging(f"{beside} · {host}", cells, "  ", "    "))]


def amount(phase: PhaseRow, fields: tuple[str, ...]) -> float:
    """Bytes of those rows of a phase, in sum."""
    return float(sum(getattr(phase, name) for name in fields))


def style(name: str) -> str:
    """The colour of a kind of bytes."""
    return "other" if name == "states" else name


def totals(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """The documented rows."""
    memory = report.memory
    rows = (
        (_("Model weights"), memory.weights),
        (_("VAE"), memory.vae),
        *(((_("Text encoders"), memory.encoders),) if memory.encoders else ()),
        (_("Optimizer states"), memory.optimizer),
        (_("Gradients"), memory.gradients),
        (_("Activations"), memory.activations),
        (_("Other (context, buffers)"), memory.other),
    )
    lines: list[list[Cell]] = [[name, data(size), share(size / memory.total)] for name, size in rows]
    lines.append([(_("Total"), "title"), (data(memory.total), "title"), ""])
    return [titled(_("All that is ever held"), "", paint, cells), *table(lines, "<>>", paint)]


def buckets(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """Each size: tokens, batch, FLOPs, memory, seconds, utilisation."""
    head: list[Cell] = ["", *((word, "dim") for word in (_("share"), _("batch"), _("tokens"), _("FLOPs a sample")))]
    head += [(_("peak"), "dim"), (_("step"), "dim"), ("MFU", "dim"), ("HFU", "dim")]
    rows: list[list[Cell]] = [head]
    for row in report.buckets:
        size = f"{row.width}×{row.height}×{row.frames}"
        batch = f"{whole(row.batch)} → {whole(row.global_batch)}"
        figures = [share(row.share), batch, whole(row.sequence), flop(row.flops_per_sample), data(row.peak)]
        rows.append([size, *figures, duration(row.seconds_per_step), share(row.mfu), share(row.hfu)])
    return [titled(_("Buckets"), "", paint, cells), *halved(rows, "<>>>>>>>>", 4, paint, cells)]


def spent(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """A step by part, and the run with its band, money and energy."""
    time = report.time
    band = f"{duration(time.low)} – {duration(time.high)} ({label(PROVENANCE, time.provenance)})"
    lines = [titled(_("Time of {steps} steps", steps=whole(report.run.steps)), band, paint, cells)]
    parts = [(name, value) for name, value in time.parts.items() if value]
    rows: list[list[Cell]] = [
        [label(STAGES, name), duration(value), share(value / time.per_step)] for name, value in parts
    ]
    rows.append([(_("One step"), "title"), (duration(time.per_step), "title"), ""])
    lines += table(rows, "<>>", paint)
    total = _("{time} · {hours} GPU-hours", time=duration(time.total), hours=hours(time.gpu_hours))
    lines += hanging(total + f" · MFU {share(time.mfu)} · HFU {share(time.hfu)}", cells, "  ", "    ")
    cost, used = report.cost, report.energy
    if cost is not None:
        paid = f"{money(cost.low)} – {money(cost.high)} ({label(PROVIDERS, cost.provider)}, {cost.as_of})"
        lines += hanging(paid, cells, "  ", "    ")
    if used is not None:
        lines += hanging(
            _("{energy}, {carbon} CO2e", energy=energy(used.energy), carbon=mass(used.carbon)),
            cells, "  ", "    ",
        )  # fmt: skip
    return lines


def run(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """What is seen, read and written."""
    seen = report.run
    rows: list[list[Cell]] = [
        [_("Samples"), whole(seen.samples)],
        [_("Tokens"), count(seen.tokens)],
        [_("FLOPs"), flop(seen.flops)],
        [_("Checkpoint"), data(seen.checkpoint)],
    ]
    rows += [[_("All checkpoints"), data(seen.checkpoints)]] if seen.checkpoints else []
    if seen.latents or seen.texts:
        rows.append([_("Latents and texts on disk"), data(seen.latents + seen.texts)])
        rows.append([_("Read while training"), rate(seen.read_rate)])
        rows.append([_("Encoding beforehand"), _("{hours} GPU-hours", hours=hours(seen.encode_seconds / HOUR))])
    return [titled(_("Data"), "", paint, cells), *table(rows, "<>", paint)]
