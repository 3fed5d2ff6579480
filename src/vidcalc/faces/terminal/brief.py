"""The report at a glance, on one screen: whether it fits, memory by stage, what to change, time, cost, how sure.

The whole page is `vidcalc.faces.terminal.report`; what training needs, `vidcalc train`.
"""

from vidcalc.faces.terminal import memory, overview, relief
from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.currency import rate
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.numbers import duration, energy
from vidcalc.faces.terminal.numbers import money as dollars
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PROVENANCE, PROVIDERS, STAGES, label
from vidcalc.report.estimate import Report

LINES = 40  # of a screen
FIXES = 3  # ways out
OF_TRAINING = ("training_too_big", "checkpointing_helps")
SHORT = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode", "beside")
FEW = 0.005  # of the time: shorter stages are not named


def draw(report: Report, look: Look | None = None) -> str:
    """The short report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    sections = (overview.head, verdict, memory.inference, ways, spent)
    blocks = [lines for section in sections if (lines := section(report, colour, cells))]
    said = [warned(each) for each in report.warnings if each.id not in OF_TRAINING]
    return screen(blocks, said, _("More: --full · what training needs: vidcalc train"), colour, cells)


def screen(
    blocks: list[list[str]], said: list[str], more: str, paint: Paint, cells: int, spare: list[str] | None = None
) -> str:
    """One screen of text: blocks, `spare` where there is room for it, as many warnings as have room, and `more`."""
    last = [paint(line, "dim") for line in hanging(more, cells)]
    room = LINES - len(last) - bool(rate()) - sum(len(block) + 1 for block in blocks)
    if spare and len(spare) + 1 <= room:
        blocks = [*blocks, spare]
        room -= len(spare) + 1
    noted = within(said, paint, cells, room - 1)
    return "\n\n".join("\n".join(block) for block in (*blocks, noted, last) if block)


def verdict(report: Report, paint: Paint, cells: int) -> list[str]:
    """Whether it fits, and what it takes."""
    return overview.glance(report, paint, cells)[:1]


def ways(report: Report, paint: Paint, cells: int) -> list[str]:
    """What to change, the first few ways."""
    return relief.relief(report, paint, cells, FIXES)


def spent(report: Report, paint: Paint, cells: int) -> list[str]:
    """Seconds by stage, money and energy, and how sure the time is."""
    time, cost, used = report.time.inference, report.cost, report.energy
    stages = [(name, getattr(time, name, 0)) for name in SHORT]
    parts = [f"{label(STAGES, name)} {duration(each)}" for name, each in stages if each > FEW * time.total]
    step = _("{time} a step", time=duration(time.per_step))
    band = f"{duration(time.low)} – {duration(time.high)} ({label(PROVENANCE, time.provenance)})"
    lines = [titled(_("Time and cost"), band, paint, cells)]
    lines += hanging(" · ".join([*parts, step]), cells, "  ", "    ")
    paid = []
    if cost is not None:
        price = " – ".join(dict.fromkeys(dollars(cost.inference[end]) for end in ("low", "high")))
        paid.append(f"{price} ({', '.join(filter(None, (label(PROVIDERS, cost.provider), cost.as_of)))})")
    if used is not None:
        paid.append(energy(used.inference))
    return lines + hanging(" · ".join(paid), cells, "  ", "    ") if paid else lines


def within(found: list[str], paint: Paint, cells: int, room: int) -> list[str]:
    """Warnings in words under their title, as many as there is room for, and how many are left."""
    written = [hanging(each, cells, "  ! ") for each in found]
    lines: list[str] = []
    for place, each in enumerate(written):
        rest = len(written) - place
        if len(lines) + len(each) + 1 + (rest > 1) > room:
            left = _("{count} more notes: --full", count=rest)
            return [paint(_("Note"), "tight"), *lines, f"  ! {left}"] if room > 1 else []
        lines += each
    return [paint(_("Note"), "tight"), *lines] if lines else []
