"""Video models of the catalogue, as nouns. Files are `data/models/NAME.toml`; only the entry asked for is read.

`summaries` lists all of them from one built file (`data/built/index/model-summaries.json`), and from the entries
themselves where that file is absent or stale.
"""

from functools import cache
from typing import TYPE_CHECKING

from vidcalc.base.errors import UnknownName
from vidcalc.base.facts import Facts
from vidcalc.catalog import load

if TYPE_CHECKING:
    from vidcalc.describe.model import Model

KIND = "models"
SUMMARIES = "index/model-summaries"


def model(name: str) -> "Model":
    """The model of that id or alias, in any case, with or without dashes ("Wan2.1 T2V 14B"), or of that repository of
    the hub ("Wan-AI/Wan2.1-T2V-14B"), or the only one with all words of that name ("chronoedit"). Raises UnknownName,
    which lists the models where several have them ("humo").
    """
    try:
        return _model(load.resolve(KIND, name))
    except UnknownName as unknown:
        from vidcalc.catalog.spellings import begun, meant, same, suggested

        found = same(name)
        several = [found] if found else begun(name)
        if len(several) < 2 and not found:  # part of a name may be the beginning of others
            several = list(dict.fromkeys((*meant(name), *several)))
        if not several:
            near = suggested(name, unknown.nearest)
            if not near:
                raise
            raise UnknownName(KIND, name, near[0], near) from None
        if len(several) > 1:
            raise UnknownName(KIND, name, several[0], several) from None
        return _model(several[0])


def names() -> list[str]:
    """The ids of all models, sorted."""
    return load.names(KIND)


def summaries() -> list[Facts]:
    """What a list of models shows, in the order of `names`; see `summary`."""
    built = load.read_built(SUMMARIES, load.signature(KIND))
    return list(built["models"] if built is not None else make_summaries()["models"])


def make_summaries() -> dict[str, list[Facts]]:
    """The content of the built list, read from the entries themselves. Needs the standard library only."""
    return {"models": [summary(load.entry(KIND, name)) for name in names()]}


def summary(facts: Facts) -> Facts:
    """What the model is, how large (params of one denoiser, params_total of all experts), and its default clip."""
    denoiser, defaults = facts["denoiser"], facts["defaults"]
    params, copies = denoiser.get("params"), denoiser.get("copies", 1)
    again = 0 if params is None else (params - denoiser.get("shared", 0)) * (copies - 1)
    return {
        **{key: facts[key] for key in ("name", "title", "family", "kind")},
        "task": facts.get("task", "t2v"),
        "provenance": facts.get("provenance", "exact"),
        "released": facts.get("released", ""),
        "params": params,
        "params_total": None if params is None else params + again,
        **{key: defaults[key] for key in ("width", "height", "frames", "fps", "steps")},
        "presets": list(facts.get("presets", ())),
    }


@cache
def _model(name: str) -> "Model":
    import msgspec

    from vidcalc.describe.model import Model

    return msgspec.convert(load.entry(KIND, name), Model)
