"""The table of `vidcalc scale`: a row per count of GPUs, and in words what each step up brings."""

from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, width
from vidcalc.faces.terminal.numbers import data, duration, money, share, times, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import SCALING, VERDICTS, label
from vidcalc.search.scale import Row, Scaling, Step

ALIGNS = ">>>>><><"  # of the table's columns
MARKS = {"needed": "good", "worth_it": "good", "buys_time": "tight", "not_worth_it": "bad", "too_big": "bad"}


def draw(scaling: Scaling, look: Look | None = None) -> str:
    """The whole page."""
    colour, cells = look or here()
    return "\n".join(
        [*head(scaling, colour, cells), "", *rows(scaling, colour, cells), "", *verdicts(scaling, colour, cells)]
    )


def head(scaling: Scaling, paint: Paint, cells: int) -> list[str]:
    """Which job, on what."""
    job = scaling.workload
    pieces = [
        _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")}),
        _("{steps} steps", steps=whole(job["steps"])),
        scaling.name,
        scaling.link,
        scaling.network if any(row.nodes > 1 for row in scaling.rows) else "",
        scaling.framework,
    ]
    most = max(row.count for row in scaling.rows)
    title = _("{model} on 1 to {count} GPUs", model=scaling.title, count=most) if most > 1 else scaling.title
    beneath = " · ".join(piece for piece in pieces if piece)
    return [*(paint(line, "title") for line in hanging(title, cells)), *hanging(beneath, cells)]


def rows(scaling: Scaling, paint: Paint, cells: int) -> list[str]:
    """A line per count, the ways of sharing behind or below it; the fastest of those that fit is marked."""
    names = (_("GPUs"), _("time"), _("speed-up"), _("efficiency"), _("per GPU"), "", _("a video"), _("shared by"))
    lines: list[list[Cell]] = [[(name, "dim") for name in names]]
    for row in scaling.rows:
        best = "title" if row.count == scaling.best_time else ""
        verdict: Cell = (label(VERDICTS, row.fits), STYLES.get(row.fits, ""))
        lines.append(
            [
                (whole(row.count), best),
                (duration(row.seconds), best),
                times(row.speedup),
                share(row.efficiency),
                data(row.peak),
                verdict,
                "–" if row.cost is None else money(row.cost),
                ways(row),
            ]
        )
    if max(width(line) for line in table(lines, ALIGNS, Paint(False))) <= cells:
        return table(lines, ALIGNS, paint)
    head, *drawn = table([line[:-1] for line in lines], ALIGNS[:-1], paint)
    below = [paint(f"        {ways(row)}", "dim") if row.parallel else "" for row in scaling.rows]
    return [head, *(line for pair in zip(drawn, below, strict=True) for line in pair if line)]


def ways(row: Row) -> str:
    """The ways of a row: "ulysses 4 × cfg 2, fsdp 8"."""
    work = [f"{way} {degree}" for way, degree in row.parallel.items() if way not in ("fsdp", "vae")]
    beside = [f"{way} {degree}" for way, degree in row.parallel.items() if way in ("fsdp", "vae")]
    return ", ".join([" × ".join(work), *beside]) if work else "–"


def verdicts(scaling: Scaling, paint: Paint, cells: int) -> list[str]:
    """What each step up brings, and the counts that nothing can be shared among."""
    lines = []
    for row in scaling.rows:
        if row.step is not None:
            mark = paint("•", MARKS[row.step.verdict])
            first, *rest = hanging(step(row, row.step), cells - 4)
            lines += [f"  {mark} {first}", *(f"    {line}" for line in rest)]
    if scaling.rows[0].fits == "too_big":
        lines += hanging(_("One GPU does not hold the job: its time is what it would take."), cells, "  ! ")
    if scaling.without:
        counts = ", ".join(whole(count) for count in scaling.without)
        lines += hanging(_("No legal way of sharing among {counts} GPUs.", counts=counts), cells, "  ! ")
    if scaling.without and len(scaling.rows) == 1:
        lines += hanging(_("Further GPUs can make videos of their own."), cells, "  ! ")
    return lines


def step(row: Row, made: Step) -> str:
    """One step up in words."""
    saved = duration(abs(made.seconds))
    values = {"count": whole(row.count), "before": whole(made.count), "time": saved, "share": share(made.efficiency)}
    sooner = _("{count} GPUs instead of {before}: {time} sooner", **values)
    later = _("{count} GPUs instead of {before}: {time} later", **values)
    time = sooner if made.seconds <= 0 else later
    if made.cost is None:
        price = _("their efficiency {share}", **values)
    else:
        dearer = ("+" if made.cost >= 0 else "−") + money(abs(made.cost))
        price = _("{cost} a video (their efficiency {share})", cost=dearer, **values)
    return f"{time}, {price}: {label(SCALING, made.verdict)}"
