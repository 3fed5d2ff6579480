"""Plans of a training run on one page: the winner, those behind it, the front, numbers of GPUs, and why."""

from vidcalc.describe.training import WAYS
from vidcalc.faces.terminal import notes
from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, typed
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import count, data, duration, money, share, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import BOUNDS, CHANGED, ORDERS, VERDICTS, label
from vidcalc.report.plan import Alternative, PlanReport, PlanRow

LISTED = 5
SAME = 0.0005  # of the run's time: less is no difference worth a figure
NAMES = {field: way for way, field in WAYS.items() if field != "shard_degree"}  # shards are told beside the sharding


def draw(report: PlanReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    blocks = [part(report, colour, cells) for part in (head, best, why, front, counts, told_notes)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def head(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """Model and GPUs, the winner at a glance, and the command that tells all about it."""
    winner = report.best[0]
    title = f"{report.model.title} · {_('{count} parameters', count=count(report.model.params_total))}"
    pieces = [f"{whole(winner.gpus)} × {report.hardware.name} · {data(report.capacity)}"]
    pieces += [winner.words["recipe"], winner.words["optimizer"]]
    pieces.append(_("global batch {count}", count=whole(report.global_batch)))
    room = _("{size} free", size=data(winner.margin))
    verdict: Cell = (label(VERDICTS, winner.verdict), STYLES.get(winner.verdict, ""))
    price = money(winner.cost) if winner.cost is not None else ""
    row: list[Cell] = [(way(winner), "title")]
    figures: list[Cell] = [
        verdict,
        data(winner.peak),
        room,
        duration(winner.seconds),
        price,
        f"MFU {share(winner.mfu)}",
    ]
    lines = [paint(line, "title") for line in hanging(title, cells)]
    lines += [*hanging(" · ".join(pieces), cells), "", *table([row], "<", paint), *table([figures], "<><<<<", paint)]
    if winner.host_ram:
        lines.append(paint("  " + _("host RAM {size}", size=data(winner.host_ram)), "dim"))
    return [*lines, *(paint(line, "dim") for line in typed(winner.command, cells))]


def way(row: PlanRow) -> str:
    """A plan in few words: "dp 8 · ulysses 4 · zero3 / 32 · full · 2 × 4"."""
    parts = [f"{name} {row.degrees[field]}" for field, name in NAMES.items() if row.degrees[field] > 1]
    words = row.words
    if words["sharding"] != "none":
        stays = "" if words["reshard"] == "on" else " (reshard off)"
        parts.append(f"{words['sharding']} / {row.degrees['shard_degree']}{stays}")
    parts.append(_("checkpointing {mode}", mode=words["checkpointing"]))
    if words["offload"] != "none":
        parts.append(_("offload {what}", what=words["offload"]))
    batches = " + ".join(whole(batch) for batch in row.batches)
    parts.append(_("batch {batch} × {count}", batch=batches, count=whole(row.grad_accum)))
    return " · ".join(parts)


def best(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """The first plans in the order asked for."""
    legal, fit = (sum(getattr(row, name) for row in report.counts) for name in ("legal", "fitting"))
    beside = _("{legal} legal, {fitting} fit", legal=whole(legal), fitting=whole(fit))
    title = _("Best plans by {order}", order=label(ORDERS, report.by))
    return [titled(title, beside, paint, cells), *listed(report.best[:LISTED], report, paint, cells)]


def front(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """The plans that none beats in time and memory at once."""
    title = _("Front of time and memory")
    return [titled(title, _("less memory takes longer"), paint, cells), *listed(report.front, report, paint, cells)]


def listed(rows: list[PlanRow], report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """Plans with memory, time and what they take longer than the first; the way stands last and wraps."""
    quickest = report.front[0].seconds
    lines = []
    figures: list[list[Cell]] = [
        [
            (data(row.peak), "tight" if row.verdict == "tight" else ""),
            duration(row.seconds),
            slower(row.seconds / quickest - 1),
        ]
        for row in rows
    ]
    for text, row in zip(table(figures, ">>>", paint), rows, strict=True):
        lines += hanging(way(row), cells, text + "  ")
    return lines


def slower(part: float) -> str:
    """How much longer a run takes: "+8.1 %"; nothing where it takes as long."""
    if abs(part) < SAME:
        return "±0 %"
    return ("+" if part > 0 else "−") + share(abs(part))


def why(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """What bounds the winner, and what the plans beside it lose."""
    reason = report.why
    if reason is None:
        return []
    winner = report.best[0]
    gained = share(1 - reason.unlimited / winner.seconds)
    parts = {name: share(value) for name, value in reason.shares.items()}
    lines = [titled(_("Why this one"), _("plans one change away"), paint, cells)]
    lines += hanging(label(BOUNDS, reason.bound, gained=gained, **parts), cells, "  ", "  ")
    rows: list[list[Cell]] = [
        [label(CHANGED, each.id, value=each.value), lost(each), data(each.peak)] for each in reason.alternatives
    ]
    return lines + table(rows, "<<>", paint)


def lost(one: Alternative) -> Cell:
    """What a neighbour of the winner loses."""
    if one.missing > 0:
        return _("does not fit: {size} missing", size=data(one.missing)), "bad"
    if abs(one.slower) < SAME:
        return _("same time")
    return _("{share} time", share=slower(one.slower))


def counts(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """The best plan on each number of GPUs, where several were asked for."""
    if len(report.counts) < 2:
        return []
    rows: list[list[Cell]] = []
    for row in report.counts:
        if row.best is None:
            rows.append([whole(row.gpus), "", (_("nothing fits") if row.legal else _("no legal plan"), "bad"), ""])
            continue
        price = money(row.best.cost) if row.best.cost is not None else ""
        mark = " *" if row.efficient else ""
        rows.append([whole(row.gpus) + mark, duration(row.best.seconds), price, way(row.best)])
    beside = _("* no other is as short and as cheap")
    figures = table([row[:3] for row in rows], "<>>", paint)
    lines = [titled(_("Numbers of GPUs"), beside, paint, cells)]
    for text, told_row in zip(figures, rows, strict=True):
        lines += hanging(str(told_row[3]), cells, text + "  ") if told_row[3] else [text]
    return lines


def told_notes(report: PlanReport, paint: Paint, cells: int) -> list[str]:
    """Warnings and assumptions."""
    return notes.notes(report, paint, cells)
