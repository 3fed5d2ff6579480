"""`vidcalc schema`: the JSON Schema of what a command prints with --json, generated from its structure."""

from importlib import import_module
from typing import Any

import click

from vidcalc.faces.flags.catalogue import common
from vidcalc.faces.flags.inputs import OneOf
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

# a command's document: the module that holds its structure and its schema id, and the structure's name
DOCUMENTS = {
    "estimate": ("vidcalc.report.estimate", "Report"),
    "chain": ("vidcalc.report.chain", "ChainReport"),
    "scale": ("vidcalc.search.scale", "Scaling"),
    "fit": ("vidcalc.report.fit", "FitReport"),
    "choose": ("vidcalc.report.choose", "ChooseReport"),
    "train": ("vidcalc.report.training", "TrainingReport"),
    "plan": ("vidcalc.report.plan", "PlanReport"),
    "budget": ("vidcalc.report.budget", "BudgetReport"),
    "how": ("vidcalc.faces.how.said", "Said"),
    "compare": ("vidcalc.report.compare", "CompareReport"),
    "fix": ("vidcalc.report.fix", "FixReport"),
    "sweep": ("vidcalc.report.sweep", "SweepReport"),
    "models": ("vidcalc.report.catalogue", "Models"),
    "gpus": ("vidcalc.report.gpus", "Gpus"),
}


def schema(document: str) -> None:
    """Print the schema of what `vidcalc DOCUMENT --json` prints."""
    from vidcalc.faces.emit import emit

    emit(schema_of(document), indent=2)


def schema_of(document: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a command's document, named by the document's own schema id."""
    import msgspec

    place, name = DOCUMENTS[document]
    module = import_module(place)
    made = msgspec.json.schema(getattr(module, name))
    made["$defs"][name]["properties"]["schema"] = {"const": module.SCHEMA}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": module.SCHEMA, **made}


command = Command(
    "schema",
    params=[
        click.Argument(
            ["DOCUMENT"],
            required=False,
            default="estimate",
            type=OneOf(*DOCUMENTS),
            metavar="[" + "|".join(DOCUMENTS) + "]",
        ),
        *common(),
    ],
    callback=schema,
    help=N_(
        "The JSON Schema of what a command prints with --json: estimate, chain, compare, scale, fit, choose, sweep, "
        "train, plan, budget, fix, how, models or gpus."
    ),
    examples=("vidcalc schema", "vidcalc schema plan"),
)
