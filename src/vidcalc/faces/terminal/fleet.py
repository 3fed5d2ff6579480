"""One video in money, energy and carbon, the classes of provider, and the GPUs that make so many videos an hour."""

from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import energy, mass, share, significant, whole
from vidcalc.faces.terminal.numbers import money as dollars
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PLACES, PROVIDERS, label
from vidcalc.report.estimate import Report


def fleet(report: Report, paint: Paint, cells: int) -> list[str]:
    """What each video takes, and how many there can be."""
    made = report.throughput
    band = f"{significant(made.per_gpu_hour['low'])} – {significant(made.per_gpu_hour['high'])}"
    rate = _("{count} an hour and GPU ({band})", count=significant(made.per_gpu_hour["likely"]), band=band)
    lines = [titled(_("One video"), rate, paint, cells)]
    for text in (*_prices(report), *_power(report), *_wanted(report)):
        lines += hanging(text, cells, "  ", "    ")
    return lines


def _prices(report: Report) -> list[str]:
    """One line of classes of provider, each with what a video costs there."""
    if report.cost is None:
        return []
    pieces = [
        f"{label(PROVIDERS, each.provider)} {_between(each.per_video_low, each.per_video_high)}"
        for each in report.cost.ranges
    ]
    return [", ".join(pieces)]


def _power(report: Report) -> list[str]:
    """Energy at the power GPUs draw, its carbon and its price."""
    spent = report.energy
    if spent is None:
        return []
    return [
        _(
            "{low} – {high} at {watts} W, {place} (PUE {pue}): {carbon} CO2e ({country}), electricity {price}",
            low=energy(spent.per_video["low"]),
            high=energy(spent.per_video["high"]),
            watts=whole(round(spent.power["likely"])),
            place=label(PLACES, spent.place),
            pue=f"{spent.pue:g}",
            carbon=mass(spent.carbon_per_video),
            country=_("world") if spent.country == "world" else spent.country,
            price=dollars(spent.electricity_per_video),
        )
    ]


def _wanted(report: Report) -> list[str]:
    """The fleet for the rate asked for."""
    made = report.throughput
    if not made.target_rate:
        return []
    price = _between(made.cost_per_hour["low"], made.cost_per_hour["high"]) if made.cost_per_hour else "–"
    return [
        _(
            "{rate} videos an hour: {gpus} GPUs at {busy} utilisation, {price} an hour",
            rate=significant(made.target_rate),
            gpus=whole(made.gpus_needed),
            busy=share(made.utilisation),
            price=price,
        )
    ]


def _between(low: float, high: float) -> str:
    return dollars(low) if low == high else f"{dollars(low)} – {dollars(high)}"
