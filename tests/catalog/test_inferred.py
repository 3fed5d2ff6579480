"""The register of numbers that were chosen on measured rows: of number formats, framework profiles and the reserve.

Everything else in these files was read where its source says. A number chosen on rows rests on as many sources as
publish those rows; one that rests on a single source is listed here with what would take its place. None may be added.
"""

import pytest

from vidcalc.catalog.load import DATA, entry, names, table
from vidcalc.validate import files
from vidcalc.validate.sources import origin

ROWS = {row.id: row for row in files.read(f"{DATA}/measured/inference.csv")}
# fields that no source states: they were chosen so that rows come out
CHOSEN = {
    "precisions": ("rounding", "kept", "beside"),
    "products": ("pace",),
    "frameworks": ("activation_scale", "beside", "seconds", "decode_bytes", "decode_flops"),
    "reserve": ("share",),
}
# read although the field is one of these: where
READ = {
    "precisions.bnb-int8.beside": "bitsandbytes: the product's int32 and fp16 forms",
}
TORCHAO = "rows of torchao's one table; a count of the format's elementwise kernels would be a mechanism"
ALONE = {
    "precisions.fp8-scaled.rounding": TORCHAO,
    "precisions.int8.rounding": TORCHAO,
    "precisions.int8-dynamic.rounding": TORCHAO,
    "products.few-rows.pace": "a row of the same table; the kernel for few rows has no published rate",
    "precisions.int4-dynamic.rounding": TORCHAO,
    "precisions.int8-sparse.rounding": TORCHAO,
    "precisions.fp6.rounding": TORCHAO,
    "precisions.fp5.rounding": TORCHAO,
    "precisions.fp4.rounding": TORCHAO,
    "precisions.bnb-int8.kept": "two rows of one page; which columns are outliers depends on the weights",
    "frameworks.consisid-official.beside": "sizes of EVA-CLIP and the face models' files would be facts",
    "frameworks.consisid-official.seconds": "the face models' networks are not written",
    "frameworks.cosmos-official.activation_scale": "its modules are not the ones written here",
    "frameworks.cosmos-official.beside": "sizes of the guardrails' files would be facts",
    "frameworks.cosmos-official.seconds": "the prompt upsampler generates text of an unpublished length",
    "frameworks.diffusers-0.31.activation_scale": "how that version's caches of convolutions live",
    "frameworks.hunyuan-official.activation_scale": "its own modules keep what diffusers' do not",
    "frameworks.opensora.beside": "communicators of a launcher that is not measured apart",
    "frameworks.opensora.decode_bytes": "a VAE whose network is not written",
    "frameworks.opensora.decode_flops": "the same",
    "reserve.share": "two rows of one page; only where a call is not replayed: sweeps and calls that are not taped",
}


def facts():
    """Every table of these files: its name, its fields."""
    for name, fields in table("precisions").items():
        yield "precisions", f"precisions.{name}", fields
    for name, fields in table("products").items():
        if isinstance(fields, dict):
            yield "products", f"products.{name}", fields
    for name in names("frameworks"):
        yield "frameworks", f"frameworks.{name}", entry("frameworks", name)
    yield "reserve", "reserve", entry("validation", "reserve")


def chosen(kind, name, fields):
    """The numbers of a table that were chosen on rows."""
    return [field for field in CHOSEN[kind] if field in fields and f"{name}.{field}" not in READ]


def sources(fields, many):
    """Publishers of the rows that each of so many numbers was chosen on: two of two numbers are one for each."""
    found = {origin(ROWS[name].source) for name in fields.get("fitted", ())}
    return max(len(found) // many, min(len(found), 1))


REGISTER = {
    f"{name}.{field}": sources(fields, len(chosen(kind, name, fields)))
    for kind, name, fields in facts()
    for field in chosen(kind, name, fields)
}


def test_every_chosen_number_names_the_rows_it_was_chosen_on():
    assert {name for name, count in REGISTER.items() if count == 0} == set()


def test_no_number_rests_on_one_source_but_what_is_listed_to_go():
    assert {name for name, count in REGISTER.items() if count == 1} == set(ALONE)


@pytest.mark.parametrize("name", ALONE)
def test_what_would_take_its_place_is_said(name):
    assert len(ALONE[name]) > 5


def test_rows_are_named_only_where_something_was_chosen_on_them():
    for kind, name, fields in facts():
        if fields.get("fitted"):
            assert any(field in fields for field in CHOSEN[kind]), name
