"""What the calls answer with: the report structures themselves, which also know their page, HTML and picture.

Fields, their meaning and their units stand in `vidcalc.report`; every number is in SI base units (bytes, FLOP, seconds,
joule) or USD, and `report.units()` names the unit of each.
"""

from typing import Any

from vidcalc.account.work import OpRow
from vidcalc.derivation.step import Step
from vidcalc.faces.how.said import Said
from vidcalc.faces.python.errors import refusals
from vidcalc.faces.python.picture import Picture
from vidcalc.faces.python.shown import Answer, swept
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.terminal.page import Look
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.chain import ChainReport
from vidcalc.report.estimate import Report
from vidcalc.report.training import TrainingReport


class Estimate(Answer, Report, frozen=True, kw_only=True, eq=False, dict=True):
    """What one job needs, to generate and to train: the JSON of `vidcalc estimate`, field by field.

    model, workload, plan, hardware  what was asked for, with all that was filled in
    latent, sequence   the latent [channels × frames × height × width] and the tokens
    compute            FLOPs by stage, beside the documented formula's
    memory.inference   bytes of each stage, peak, margin, verdict, host memory, what would help
    memory.training    bytes while training
    time               seconds of a generation and of an optimizer step, with their interval
    cost, energy, throughput  USD, joule, videos per hour
    assumptions, warnings     what all of it rests on, each with its source

    Where a keyword was a NumPy array, the fields that depend on it are arrays as well.
    """

    def explain(self, quantity: str) -> "Explanation":
        """Where a number of this report comes from: explain("memory.inference.peak"). Raises InputError."""
        if swept(self):
            raise ValueError("a sweep is not explained: ask for one of its values")
        return _explained(quantity, self._given, "estimate")

    def ops(self) -> list[OpRow]:
        """Every op of the generation, with its FLOPs, bytes, seconds and MFU."""
        if swept(self):
            raise ValueError("a sweep has no list of ops: ask for one of its values")
        from vidcalc.faces.requests.ops import listing

        with refusals():
            return listing(self._given)

    def how(self, tool: str = "diffusers", code: bool = False) -> Said:
        """This plan in the words of a tool: how("diffusers", code=True).text is a script. Raises InputError."""
        if swept(self):
            raise ValueError("a sweep is not told how: ask for one of its values")
        return _said(self._given, tool, code, "generate")

    def picture(self) -> Picture:
        """The stages of the generation as bars against the GPU's memory."""
        from vidcalc.faces.picture.chart import chart

        if swept(self):
            raise ValueError("a sweep has no picture")
        return Picture(lambda: chart(self))

    def full(self) -> str:
        """The page with all there is to say, and what training the model needs."""
        from vidcalc.faces.terminal.cells import Paint
        from vidcalc.faces.terminal.page import columns
        from vidcalc.faces.terminal.report import draw

        return repr(self) if swept(self) else draw(self, Look(Paint(False), columns()))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.brief import draw

        return repr(self) if swept(self) else draw(self, look)

    def _line(self) -> str:
        job, gpu, memory = self.workload, self.hardware, self.memory.inference
        if swept(self):
            return f"{self.model.name}, a sweep: its numbers are arrays"
        size = f"{job['width']}×{job['height']}×{whole(job['frames'])}"
        verdict = f"{label(VERDICTS, memory.verdict)}, {data(memory.peak)}, {duration(self.time.inference.total)}"
        return f"{self.model.name} {size}, {whole(gpu.count * gpu.nodes)} × {gpu.name}: {verdict}"


class Training(Answer, TrainingReport, frozen=True, kw_only=True, eq=False, dict=True):
    """What a training run needs: the JSON of `vidcalc train`, field by field.

    ranks     how the GPUs share the work
    buckets   each size of sample: tokens, FLOPs, bytes, seconds of a step
    memory    bytes of one GPU in each phase of a step, peak, margin, verdict
    time      seconds of a step and of the run, MFU
    run       samples, tokens, steps, bytes on disk
    cost, energy, assumptions, warnings
    """

    def explain(self, quantity: str) -> "Explanation":
        """Where a number of this run comes from: explain("time.per_step"). Raises InputError."""
        return _explained(quantity, self._given, "training")

    def how(self, tool: str, code: bool = False) -> Said:
        """This run in the words of a trainer: how("musubi", code=True).text is a script. Raises InputError."""
        return _said(self._given, tool, code, "train")

    def picture(self) -> Picture:
        """The phases of a step as bars against the GPU's memory."""
        from vidcalc.faces.picture.training import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.training_brief import draw

        return draw(self, look)

    def _line(self) -> str:
        memory, spent = self.memory, self.time
        verdict = f"{label(VERDICTS, memory.verdict)}, {data(memory.peak)}, {duration(spent.per_step)}/step"
        machine = f"{whole(self.ranks.world)} × {self.hardware.name}"
        return f"{self.model.name} {self.plan['training']['mode']}, {machine}: {verdict}, {duration(spent.total)}"


class Chain(Answer, ChainReport, frozen=True, kw_only=True, eq=False, dict=True):
    """Jobs that make one video in a row: the JSON of `vidcalc chain`, field by field.

    jobs      each job's own report, what it takes up, what stays beside it
    memory    the largest job: peak, margin, verdict, host memory
    time      seconds of all of them, cost, energy
    """

    def picture(self) -> Picture:
        """The stages of all jobs as bars against the GPU's memory."""
        from vidcalc.faces.picture.row import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.row import draw

        return draw(self, look)

    def _line(self) -> str:
        verdict = f"{label(VERDICTS, self.memory.verdict)}, {data(self.memory.peak)}, {duration(self.time.total)}"
        return f"{' → '.join(job.report.model.name for job in self.jobs)}: {verdict}"


class Explanation(Answer, Step, frozen=True, kw_only=True, eq=False, dict=True):
    """Where a number comes from: the JSON of `vidcalc explain`, field by field.

    id, value, unit    the number
    formula, digits    how it is made, in symbols and in figures
    parts              the steps it is made of, each of the same kind; `count` says how often one enters
    source, provenance, note
    """

    def full(self) -> str:
        """The page with every row, however small."""
        from vidcalc.faces.terminal.cells import Paint
        from vidcalc.faces.terminal.chain import draw
        from vidcalc.faces.terminal.page import columns

        return draw(self, True, Look(Paint(False), columns()))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.chain import draw

        return draw(self, False, look)

    def _line(self) -> str:
        from vidcalc.faces.terminal.chain import read

        value: Any = self.value
        return f"{self.id} = {read(value, self.unit)}"


def _explained(quantity: str, given: dict[str, Any], kind: str) -> Explanation:
    from vidcalc.faces.commands.explain import chain

    with refusals():
        return Explanation.of(chain(quantity, given, kind), {"quantity": quantity, **given})


def _said(given: dict[str, Any], tool: str, code: bool, job: str) -> Said:
    """What was asked, in the words of a tool. Raises InputError."""
    from vidcalc.faces.how import asked

    with refusals():
        return asked(given, tool, code, job)
