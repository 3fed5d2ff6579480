"""What searches and comparisons answer with: the report structures themselves, which also know their page and picture.

As in `vidcalc.faces.python.answers`: fields and units stand in `vidcalc.report`, numbers are in SI base units or USD.
"""

from vidcalc.base.units import HOUR
from vidcalc.faces.python.picture import Picture
from vidcalc.faces.python.shown import Answer
from vidcalc.faces.terminal.numbers import data, duration, money, whole
from vidcalc.faces.terminal.page import Look
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.budget import BudgetReport
from vidcalc.report.choose import ChooseReport
from vidcalc.report.compare import CompareReport
from vidcalc.report.fit import FitReport
from vidcalc.report.fix import FixReport
from vidcalc.report.plan import PlanReport
from vidcalc.search.scale import Scaling as ScalingReport


class Plans(Answer, PlanReport, frozen=True, kw_only=True, eq=False, dict=True):
    """The best ways to train on so many GPUs: the JSON of `vidcalc plan`, field by field.

    best    the first plans in the order asked for, the winner first: words, degrees, bytes, seconds, USD
    front   plans that none beats in time and memory at once
    counts  what each number of GPUs gives
    why     what bounds the winner, and what plans one change away lose
    """

    def picture(self) -> Picture:
        """The front of time and memory as points."""
        from vidcalc.faces.picture.front import chart

        return Picture(lambda: chart(self))

    def full(self) -> str:
        """The page with all there is to say."""
        from vidcalc.faces.terminal.cells import Paint
        from vidcalc.faces.terminal.page import columns
        from vidcalc.faces.terminal.plan import draw

        return draw(self, Look(Paint(False), columns()))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.plan_brief import draw

        return draw(self, look)

    def _line(self) -> str:
        from vidcalc.faces.terminal.plan import way

        first = self.best[0]
        machine = f"{whole(first.gpus)} × {self.hardware.name}"
        return f"{self.model.name}, {machine}: {way(first)}, {data(first.peak)}, {duration(first.seconds)}"


class Scaling(Answer, ScalingReport, frozen=True, kw_only=True, eq=False, dict=True):
    """One video on 1, 2, 4 … GPUs: the JSON of `vidcalc scale`, field by field.

    rows       a count each: the best way of sharing, seconds, bytes of a GPU, efficiency, USD, what the step brings
    best_time, best_cost  the counts of the quickest and of the cheapest video
    """

    def picture(self) -> Picture:
        """A bar of seconds for each count."""
        from vidcalc.faces.picture.scale import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.scale import draw

        return draw(self, look)

    def _line(self) -> str:
        times = ", ".join(f"{row.count}: {duration(row.seconds)}" for row in self.rows)
        return f"{self.model}, {self.name}: {times}"


class Fit(Answer, FitReport, frozen=True, kw_only=True, eq=False, dict=True):
    """The largest jobs that fit: the JSON of `vidcalc fit`, field by field.

    rows    jobs that no other beats, the largest first: frames, size, seconds, bytes, USD, settings, command
    bound   what keeps the first of them from being larger
    """

    def picture(self) -> Picture:
        """The jobs as points: time across, how large they are upwards."""
        from vidcalc.faces.picture.fit import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.fit import draw

        return draw(self, look)

    def _line(self) -> str:
        from vidcalc.faces.terminal.fit import size

        first = self.rows[0]
        verdict = f"{label(VERDICTS, first.verdict)}, {data(first.device)}, {duration(first.seconds)}"
        return f"{self.model}, {self.gpus} × {self.name}: {size(self, first)}: {verdict}"


class Choices(Answer, ChooseReport, frozen=True, kw_only=True, eq=False, dict=True):
    """Which machine to take: the JSON of `vidcalc choose`, field by field.

    rows  machines that keep to what is wanted, the cheapest first: seconds, USD, bytes, settings, command; `front`
          says whether none is as fast, as cheap and as sure to fit
    """

    def picture(self) -> Picture:
        """The machines as points: time across, cost upwards."""
        from vidcalc.faces.picture.choose import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.choose import draw

        return draw(self, look)

    def _line(self) -> str:
        from vidcalc.faces.terminal.choose import machine

        first = self.rows[0]
        cost = "" if first.cost is None else f", {money(first.cost)}"
        return f"{self.model}: {machine(first)}: {duration(first.seconds)}{cost}"


class Budget(Answer, BudgetReport, frozen=True, kw_only=True, eq=False, dict=True):
    """What GPU-hours or money can train: the JSON of `vidcalc budget`, field by field.

    budget      what there is to spend: GPU seconds, seconds, USD
    affordable  steps, samples, tokens and FLOPs of the model; None where none was asked for
    optima      parameters and tokens that scaling laws hold best
    """

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.budget import draw

        return draw(self, look)

    def _line(self) -> str:
        spent = _("{hours} GPU-hours", hours=whole(round(self.budget.gpu_seconds / HOUR)))
        spent += "" if self.budget.money is None else f", {money(self.budget.money)}"
        if self.affordable is None or self.model is None:
            return spent
        return f"{spent}: {_('{steps} steps', steps=whole(self.affordable.steps))}, {self.model.name}"


class Compare(Answer, CompareReport, frozen=True, kw_only=True, eq=False, dict=True):
    """Jobs side by side: the JSON of `vidcalc compare`, field by field.

    alike        settings that all jobs share
    jobs         each with the settings of its own, verdict, bytes and seconds by stage, USD, joule
    differences  of each job against the first: what makes its time and its peak another
    """

    def picture(self) -> Picture:
        """A bar of memory and a bar of time for each job."""
        from vidcalc.faces.picture.compare import chart

        return Picture(lambda: chart(self))

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.compare import draw

        return draw(self, look)

    def _line(self) -> str:
        return ", ".join(f"{job.title}: {data(job.peak)}, {duration(job.seconds)}" for job in self.jobs)


class Fix(Answer, FixReport, frozen=True, kw_only=True, eq=False, dict=True):
    """Out of memory: the JSON of `vidcalc fix`, field by field.

    said      what the message states;  stage, known_by  where memory ran out, and how that is known
    reasons   what fills the GPU there, the most first
    ways      what to change, the best first: changes, bytes, seconds, what of the result it touches
    useless   what people try in vain
    """

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.fix import draw

        return draw(self, look)

    def _line(self) -> str:
        from vidcalc.faces.terminal.fix import named, spelled

        first = f": {spelled(self.ways[0].changes, self.job)}" if self.ways else ""
        return f"{self.model.name}, {self.hardware.name}, {named(self, self.stage)}{first}"
