"""A budget on one page: what there is to spend, what it trains of a model, and the best size by scaling laws."""

from vidcalc.base.units import HOUR
from vidcalc.faces.terminal import notes
from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import count, data, duration, flop, hours, money, share, significant, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PROVIDERS, VERDICTS, label
from vidcalc.report.budget import BudgetReport, Optimum


def draw(report: BudgetReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    blocks = [part(report, colour, cells) for part in (head, trained, rooms, best, laws, rests)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def head(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """The budget in GPU-hours, time and money."""
    spend, plan = report.budget, report.plan["training"]
    title = _("Budget") + f" · {_('{hours} GPU-hours', hours=hours(spend.gpu_seconds / HOUR))}"
    where = f"{whole(report.ranks.world)} × {report.hardware.name} · {data(report.hardware.capacity)} · "
    lines = [paint(line, "title") for line in hanging(title, cells)]
    lines += hanging(where + _("{time} of all GPUs", time=duration(spend.seconds)), cells)
    if spend.money is not None and spend.money_low is not None and spend.money_high is not None:
        source = f"({label(PROVIDERS, spend.provider)}, {spend.as_of})"
        ends = (hours(spend.gpu_seconds_low / HOUR), hours(spend.gpu_seconds_high / HOUR))
        if spend.kind == "money":
            told_of = f"{money(spend.money)} · {_('{low} – {high} GPU-hours', low=ends[0], high=ends[1])} {source}"
        else:
            told_of = f"{money(spend.money_low)} – {money(spend.money_high)} {source}"
        lines += hanging(told_of, cells)
    pieces = [plan["mode"], plan["recipe"], plan["optimizer"], _("checkpointing {mode}", mode=plan["checkpointing"])]
    pieces += [f"{report.ranks.sharding} / {whole(report.ranks.shards)}"] if report.ranks.sharding != "none" else []
    return lines + hanging(" · ".join(pieces), cells)


def trained(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """Steps, samples, epochs and tokens of the model."""
    run, model = report.affordable, report.model
    if run is None or model is None:
        return []
    name = f"{model.title} · {_('{count} parameters', count=count(model.params_total))}"
    steps = _("{steps} ({low} – {high})", steps=whole(run.steps), low=whole(run.steps_low), high=whole(run.steps_high))
    rows: list[list[Cell]] = [
        [_("Steps"), (steps, "title")],
        [_("Samples"), whole(run.samples)],
        [_("Tokens"), count(run.tokens)],
        [_("FLOPs"), _("{flops}; 6ND alone {plain}", flops=flop(run.flops), plain=flop(run.flops_6nd))],
        [_("Time"), _("{time}, {left} left", time=duration(run.seconds), left=duration(run.left))],
        [_("One step"), f"{duration(run.seconds_per_step)} · MFU {share(run.mfu)}"],
    ]
    if run.epochs is not None and run.clips is not None:
        epochs = _("{epochs} of {samples} samples", epochs=significant(run.epochs), samples=whole(run.clips))
        rows.insert(2, [_("Epochs"), epochs])
    if run.encode_seconds:
        rows.append([_("Encoding beforehand"), _("{hours} GPU-hours", hours=hours(run.encode_seconds / HOUR))])
    return [titled(name, "", paint, cells), *table(rows, "<<", paint)]


def rooms(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """Each size: its batch and the largest that fits."""
    if report.affordable is None:
        return []
    words = (_("share"), _("batch"), _("peak"), "", _("fits up to"), _("peak"))
    rows: list[list[Cell]] = [["", *((word, "dim") for word in words)]]
    for row in report.affordable.buckets:
        size = f"{row.width}×{row.height}×{row.frames}"
        verdict: Cell = (label(VERDICTS, row.verdict), STYLES.get(row.verdict, ""))
        most: Cell = whole(row.largest) if row.largest else _("none")
        beside = data(row.largest_peak) if row.largest else ""
        rows.append([size, share(row.share), whole(row.batch), data(row.peak), verdict, most, beside])
    return [titled(_("Batch of each GPU"), "", paint, cells), *table(rows, "<>>><>>", paint)]


def best(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """The best size by the chosen law."""
    if not report.optima:
        return [titled(_("Best size"), "", paint, cells), "  " + _("outside of 20M to 10T parameters")]
    optimum = report.optima[0]
    band = _("{low} – {high}", low=count(optimum.params_low), high=count(optimum.params_high))
    near = ", ".join(f"{row.name} ({count(row.params)})" for row in optimum.nearest)
    rows: list[list[Cell]] = [
        [_("Parameters"), (f"{count(optimum.params)} ({band})", "title")],
        [
            _("Tokens"),
            _("{tokens} in {samples} samples", tokens=count(optimum.tokens), samples=whole(round(optimum.samples))),
        ],
        [_("FLOPs"), _("{flops}; 6ND alone {plain}", flops=flop(optimum.flops), plain=flop(optimum.flops_6nd))],
        [_("By 6ND alone"), f"{count(optimum.params_6nd)} · {_('{tokens} tokens', tokens=count(optimum.tokens_6nd))}"],
        [_("Peak"), f"{data(optimum.peak)} · {label(VERDICTS, optimum.verdict)} · MFU {share(optimum.mfu)}"],
    ]
    lines = [titled(_("Best size"), optimum.title, paint, cells), *table(rows, "<<", paint)]
    return lines + hanging(_("Nearest models: {models}", models=near), cells, "  ", "    ")


def laws(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """All laws beside each other."""
    if len(report.optima) < 2:
        return []
    words = (_("parameters"), _("tokens"), _("fitted up to"), _("tried up to"))
    rows: list[list[Cell]] = [["", *((word, "dim") for word in words)]]
    rows += [_law(optimum) for optimum in report.optima]
    return [titled(_("Scaling laws"), "", paint, cells), *table(rows, "<>>>>", paint)]


def _law(optimum: Optimum) -> list[Cell]:
    sizes = [count(optimum.params), count(optimum.tokens), flop(optimum.fitted[1]), flop(optimum.checked)]
    return [optimum.title, *sizes]


def rests(report: BudgetReport, paint: Paint, cells: int) -> list[str]:
    """Warnings and assumptions."""
    return notes.notes(report, paint, cells)
