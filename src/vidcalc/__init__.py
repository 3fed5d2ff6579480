"""vidcalc: what a video diffusion model needs to generate or to train, before anything is rented or started.

    import vidcalc
    report = vidcalc.estimate("wan2.1-t2v-14b", gpu="h100", frames=81)
    report.memory.inference.peak      # bytes; report.units() names the unit of every field

Each call is the command of its name, its keywords are that command's flags; docs/python.md shows all of it. Names are
loaded when they are first used, so that `import vidcalc` costs nothing.
"""

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from vidcalc.base.version import __version__
    from vidcalc.faces.python.answers import Chain, Estimate, Explanation, Training
    from vidcalc.faces.python.answers_of_searches import Budget, Choices, Compare, Fit, Fix, Plans, Scaling
    from vidcalc.faces.python.ask import (
        budget,
        chain,
        choose,
        compare,
        currency,
        estimate,
        explain,
        fit,
        fix,
        gpus,
        language,
        models,
        plan,
        quantities,
        scale,
        sweep,
        train,
    )
    from vidcalc.faces.python.errors import InputError
    from vidcalc.faces.python.listing import Listing
    from vidcalc.faces.python.picture import Picture
    from vidcalc.faces.python.sweep import Sweep

__all__ = [
    "Budget",
    "Chain",
    "Choices",
    "Compare",
    "Estimate",
    "Explanation",
    "Fit",
    "Fix",
    "InputError",
    "Listing",
    "Picture",
    "Plans",
    "Scaling",
    "Sweep",
    "Training",
    "__version__",
    "budget",
    "chain",
    "choose",
    "compare",
    "currency",
    "estimate",
    "explain",
    "fit",
    "fix",
    "gpus",
    "language",
    "models",
    "plan",
    "quantities",
    "scale",
    "sweep",
    "train",
]

_HOMES = {
    "__version__": "base.version",
    "InputError": "faces.python.errors",
    "Listing": "faces.python.listing",
    "Picture": "faces.python.picture",
    "Sweep": "faces.python.sweep",
    **dict.fromkeys(("Chain", "Estimate", "Explanation", "Training"), "faces.python.answers"),
    **dict.fromkeys(
        ("Budget", "Choices", "Compare", "Fit", "Fix", "Plans", "Scaling"), "faces.python.answers_of_searches"
    ),
}


if not TYPE_CHECKING:  # a type checker is to know every name there is, and no other

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module("vidcalc." + _HOMES.get(name, "faces.python.ask")), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
