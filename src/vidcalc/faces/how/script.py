"""A script in the making: what it imports, what it states before anything else, its lines, and what was left out."""

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.question import Question
from vidcalc.faces.how.said import Leavings


class Script:
    """Lines of a diffusers script.

    job, facts, pipeline  what is asked for, the words of the tool, the facts of the pipeline
    imports  (module, name);  needs  packages;  run  the command, where `python FILE` is not it
    """

    def __init__(self, job: Question, facts: Facts, pipeline: Facts, title: str) -> None:
        self.job, self.facts, self.pipeline = job, facts, pipeline
        self.imports: set[tuple[str, str]] = set()
        self.before: list[str] = []
        self.lines: list[str] = []
        self.needs: list[str] = []
        self.left = Leavings(title)
        self.run = ""

    def first(self, *lines: str) -> None:
        """Lines that stand before every import."""
        self.before += lines

    def add(self, *lines: str) -> None:
        """Lines after the pipeline is loaded."""
        self.lines += lines

    def need(self, package: str) -> None:
        """A package beside diffusers."""
        if package not in self.needs:
            self.needs.append(package)

    @property
    def denoisers(self) -> list[str]:
        """The denoisers of the pipeline that this model has: both where it has two experts."""
        every: list[str] = self.pipeline["denoisers"]
        return every if self.job.model.denoiser.copies > 1 else every[:1]

    @property
    def encoders(self) -> list[str]:
        """The encoders of the pipeline that this model has."""
        text, image = len(self.job.model.text_encoders), len(self.job.model.image_encoders)
        every: list[str] = self.pipeline["encoders"]
        texts = [name for name in every if name.startswith("text")][:text]
        return [*texts, *[name for name in every if name.startswith("image")][:image]]

    def can(self, ability: str, class_: str = "") -> bool:
        """Whether the denoiser's class, or another, has an ability (data/how/pipelines.toml)."""
        classes = load.entry("how", "pipelines")["classes"]
        return bool(classes.get(class_ or self.job.model.denoiser.class_, {}).get(ability))

    def text(self, head: list[str], tail: list[str]) -> list[str]:
        """The whole script: what comes before, imports, loading, the lines, the call."""
        by_module: dict[str, list[str]] = {}
        for module, name in sorted(self.imports):
            by_module.setdefault(module, []).append(name)
        imports = [f"from {module} import {', '.join(names)}" for module, names in sorted(by_module.items())]
        own = [line for line in self.before if line.startswith("import ")]
        set_up = [line for line in self.before if line not in own]
        parts = [own + ([""] if own and set_up else []) + set_up, ["import torch", *imports], head, self.lines, tail]
        return "\n\n".join("\n".join(part) for part in parts if part).split("\n")
