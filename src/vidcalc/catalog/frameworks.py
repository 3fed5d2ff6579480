"""Framework profiles: how one framework runs the same network otherwise than diffusers does, from `data/frameworks/`.

A profile is data: what it stores weights in, what it keeps on the device, which guidance and tiles it uses when the
user says nothing, and how its live activations compare with diffusers' eager forward.
"""

from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.model import Model
from vidcalc.describe.plan import SETTINGS
from vidcalc.describe.runtime import Runtime

KIND = "frameworks"


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where another profile holds of the same program: for number formats of those families ("gguf" of "gguf-q4_k"), or
    on chips of those vendors."""

    profile: str
    formats: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()


class Framework(Runtime, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile: what a plan carries of it (`vidcalc.describe.runtime`), and what settles plans and names it.

    plan          settings of `Plan` by field, as its file states them among the rest
    for_networks  settings that hold where the model has a network of that path;  for_models  for a model
    like          profile whose settings hold where this one says nothing
    elsewhere     other profiles of the same program, the first of which holds whose formats or chips a job has
    fitted        ids of the measured rows a scale was fitted to (never used to claim accuracy)
    """

    plan: Facts = msgspec.field(default_factory=dict)
    for_networks: dict[str, Facts] = msgspec.field(default_factory=dict)
    for_models: dict[str, Facts] = msgspec.field(default_factory=dict)
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    like: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def runtime(self) -> Runtime:
        """What a plan carries of it beyond words."""
        return Runtime(**{name: getattr(self, name) for name in Runtime.__struct_fields__})

    def settings(self, model: Model) -> Facts:
        """The plan fields the profile decides for a model."""
        fields = dict(self.plan)
        for part in (model.denoiser, model.vae, *model.text_encoders):
            fields.update(self.for_networks.get(part.network, {}))
        return fields | self.for_models.get(model.name, {})


@cache
def framework(name: str) -> Framework:
    """Raises UnknownName."""
    stated = inherited(load.resolve(KIND, name))
    plan = {field: value for field, value in stated.items() if field in SETTINGS}
    others = {field: value for field, value in stated.items() if field not in plan}
    return msgspec.convert({**others, "plan": plan}, Framework)


def holding(name: str, model: Model, precision: str = "", vendor: str = "") -> str:
    """The profile of a program that holds for a model in a number format on a chip of a vendor.

    precision  of the denoiser; "" that of the profile itself;  vendor  "" where no chip is known. Raises UnknownName.
    """
    name = load.resolve(KIND, name)
    profile = framework(name)
    family = (precision or str(profile.settings(model).get("precision", ""))).partition("-")[0]
    other = next((each for each in profile.elsewhere if family in each.formats or vendor in each.vendors), None)
    return name if other is None else other.profile


def inherited(name: str) -> Facts:
    """A profile's facts over those of the one it is like: tables by their keys, all else as a whole."""
    own = load.entry(KIND, name)
    base = inherited(str(own["like"])) if "like" in own else {}
    tables = {key: {**base.get(key, {}), **value} for key, value in own.items() if isinstance(value, dict)}
    return {**base, **own, **tables}


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
