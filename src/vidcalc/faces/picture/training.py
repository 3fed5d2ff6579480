"""The phases of a training step as bars against the GPU's memory: weights, optimizer states, gradients, activations."""

from collections.abc import Iterator

from vidcalc.faces.picture.chart import COLOURS, Bar, Part, drawn
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PHASES, ROWS, VERDICTS, label
from vidcalc.report.training import PhaseRow, TrainingReport

# rows of a phase -> colours of the chart
DRAWN = {
    "weights": "denoiser",
    "vae": "vae",
    "encoders": "text_encoder",
    "optimizer": "optimizer",
    "gradients": "gradients",
    "activations": "activations",
    "other": "process",
}


def chart(report: TrainingReport) -> Picture:
    """The picture of a training report, in the language in use."""
    memory, gpu, plan = report.memory, report.hardware, report.plan["training"]
    phase = label(PHASES, memory.peak_phase)
    verdict = label(VERDICTS, memory.verdict)
    peak = _("peak {size} in {stage}: {verdict}", size=data(memory.peak), stage=phase, verdict=verdict)
    bars = [
        Bar(label(PHASES, row.id), tuple(parts(row)), row.total, row.id == memory.peak_phase) for row in memory.phases
    ]
    size = report.buckets[memory.peak_bucket]
    title = f"{report.model.title} · {plan['mode']} · {size.width}×{size.height}×{size.frames}"
    beside = _("Sizes below the chart are the largest over the phases. Host RAM {host}.", host=data(memory.host_ram))
    return drawn(bars, memory.capacity, title, f"{whole(report.ranks.world)} × {gpu.name}", peak, beside)


def parts(row: PhaseRow) -> Iterator[Part]:
    """What a phase holds, in the order it is drawn; what is nothing is left out."""
    for name, colour in DRAWN.items():
        nbytes = getattr(row, name)
        if nbytes:
            yield label(ROWS, name), COLOURS[colour][0], nbytes
