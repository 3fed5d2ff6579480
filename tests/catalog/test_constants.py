"""The register of numbers in data/trainers and data/training.toml: on how many independent sources each rests.

A number is "read" where the program, its configuration or the paper that defines it states it; it then is a fact of
that program, true whatever was measured. Anything else was inferred, and must rest on more than one source.
"""

import tomllib

import pytest

from vidcalc.catalog.load import DATA, names
from vidcalc.validate import files

READ = "read"

# field of a recipe, an optimizer, a way of sharing or networks beside: where such numbers come from
TABLES = {
    ("recipes", "weights"): (READ, "bytes of the number format that the recipe's definition names"),
    ("recipes", "gradients"): (READ, "the same"),
    ("recipes", "master"): (READ, "the same"),
    ("recipes", "states"): (READ, "the same"),
    ("recipes", "cast"): (READ, "torch.autocast: cast copies are kept for backward"),
    ("optimizers", "states"): (READ, "the optimizer's paper or code"),
    ("optimizers", "state_bytes"): (READ, "bytes of its format, and of a scale for each block of elements"),
    ("optimizers", "temporaries"): (READ, "torch.optim's foreach implementation"),
    ("sharding", "bucket"): (READ, "DeepSpeed's configuration, documented default"),
    ("sharding", "gather"): (READ, "the same"),
    ("networks", "frozen"): (READ, "the method's paper"),
    ("networks", "trained"): (READ, "the same"),
    ("networks", "forwards"): (READ, "the same"),
    ("networks", "updates"): (READ, "the same"),
}
# profile, field: where it is stated, or how many sources it was inferred from
PROFILES = {
    ("cogvideo-finetune", "live_weights"): (READ, "its configs/zero3.yaml"),
    ("cogvideo-finetune", "reduce_bucket"): (READ, "its configs/zero3.yaml"),
    ("cogvideo-sat", "rank"): (READ, "its configs/cogvideox_2b_lora.yaml"),
    ("diffsynth", "live_weights"): (READ, "DeepSpeed's documented defaults"),
    ("diffsynth", "reduce_bucket"): (READ, "DeepSpeed's documented defaults"),
    ("diffsynth", "rank"): (READ, "its example scripts"),
    ("ltx-trainer", "rank"): (READ, "its config.py"),
    ("simpletuner", "encoded_at_once"): (READ, "its field registry: vae_batch_size"),
    ("simpletuner", "transformers.longcat"): (1, "two rows of its own sweep; no mechanism is known"),
}
# inferred from one source alone, for want of a mechanism: none may be added, each is to go
ALONE = {("simpletuner", "transformers.longcat")}
# what the allocator holds beyond tensors: fitted to rows of so many independent sources
FITTED = {("reserve", "share"): 2}


def numbers(facts, path=()):
    """Every number of a file, by its place."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from numbers(value, (*path, name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*path, name)


def read(*path):
    with open("/".join((DATA, *path)), "rb") as file:
        return tomllib.load(file)


def test_every_number_of_the_recipes_is_in_the_register():
    found = {(table, field) for table, _name, field in numbers(read("training.toml"))}
    assert found == set(TABLES)


def test_every_number_of_the_profiles_is_in_the_register():
    found = {
        (profile, place[-1]) for profile in names("trainers") for place in numbers(read("trainers", f"{profile}.toml"))
    }
    assert found == set(PROFILES)


@pytest.mark.parametrize("place", [*TABLES, *PROFILES], ids="-".join)
def test_a_number_is_stated_by_what_it_is_of(place):
    kind, where = {**TABLES, **PROFILES}[place]
    assert where
    assert kind == READ or kind > 1 or place in ALONE, "inferred from one source alone"


def test_nothing_is_inferred_from_one_source_but_what_is_listed_to_go():
    alone = {place for place, (kind, _where) in {**TABLES, **PROFILES}.items() if kind == 1}
    assert alone == ALONE


def test_what_was_fitted_rests_on_more_than_one_source():
    rule = read("validation", "training.toml")["reserve"]
    assert set(rule) == {"share", "fitted", "source"}
    rows = {row.id: row for row in files.read(f"{DATA}/measured/training.csv")}
    pages = {rows[name].source.split(" @")[0].split(" (")[0] for name in rule["fitted"]}
    assert len(pages) >= FITTED["reserve", "share"] > 1


def test_no_profile_was_inferred_from_rows_of_one_page_alone():
    """A setting of a profile that rows were needed for is listed with them."""
    listed = {profile for profile in names("trainers") if read("trainers", f"{profile}.toml").get("fitted")}
    assert listed <= {"simpletuner"}
