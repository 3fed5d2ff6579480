"""Which step caches a program has: those of the diffusers that it runs, of its own, and of patches to its networks."""

import pytest

from vidcalc.base.errors import InputError
from vidcalc.catalog import fill
from vidcalc.catalog.caches import NEWEST, REACH, methods, reach
from vidcalc.catalog.families import families
from vidcalc.catalog.frameworks import framework, names
from vidcalc.catalog.load import entry, table
from vidcalc.catalog.load import names as entries


def takes(program: str, model: str, cache: str) -> bool:
    try:
        fill.plan(fill.model(model), framework=program, step_cache=cache)
    except InputError:
        return False
    return True


def test_a_refusal_says_for_which_model_and_program() -> None:
    with pytest.raises(InputError) as refused:
        fill.plan(fill.model("wan2.1-t2v-1.3b"), framework="xdit", step_cache="teacache")
    assert (refused.value.flag, refused.value.nearest) == ("step-cache", "dbcache")
    assert "teacache" not in refused.value.allowed
    assert refused.value.of == "wan2.1-t2v-1.3b (xDiT)"


@pytest.mark.parametrize(
    ("program", "model", "those"),
    [
        # TaylorSeer and SeaCache came later; FasterCache wants both predictions in one call, which Wan's are not
        (
            "diffusers-0.35",
            "wan2.1-t2v-1.3b",
            {"pab", "magcache", "firstblockcache", "teacache", "easycache", "dbcache"},
        ),
        ("diffusers-0.35", "cogvideox-2b", set(methods()) - {"taylorseer", "seacache"}),
        # no hooks: what other repositories put on its networks
        ("diffusers-0.31", "cogvideox-2b", {"magcache", "firstblockcache", "teacache", "easycache", "dbcache"}),
        ("xdit", "wan2.1-t2v-1.3b", {"dbcache"}),
        ("xdit", "wan2.2-ti2v-5b", {"dbcache", "firstblockcache"}),
        ("xdit", "cogvideox-2b", set()),
        ("xdit", "flux.1-dev", {"dbcache", "teacache"}),
        ("xdit-2025-01", "hunyuanvideo-t2v", set()),
        ("wan-official", "wan2.1-t2v-1.3b", set(methods())),  # nothing is known of it
    ],
)
def test_a_program_takes_the_caches_that_it_has(program: str, model: str, those: set[str]) -> None:
    assert {cache for cache in methods() if takes(program, model, cache)} == those


def test_an_older_release_hooks_what_it_hooked() -> None:
    for release, name in REACH.items():
        assert f"diffusers {release}." in table(name)["source"]
    assert reach("LatteTransformer3DModel") == reach("LatteTransformer3DModel", NEWEST)
    with pytest.raises(KeyError):
        reach("LatteTransformer3DModel", "0.36")
    assert reach("Kandinsky5Transformer3DModel") is not None
    assert reach("Kandinsky5Transformer3DModel", "0.35") is None
    # the later FirstBlockCache reaches what the earlier one refused
    older, newer = (reach("LatteTransformer3DModel", release) for release in ("0.35", ""))
    assert older is not None and newer is not None
    assert older["firstblockcache"] == newer["firstblockcache"]
    assert "taylorseer" in newer and "taylorseer" not in older


@pytest.mark.parametrize("name", names())
def test_what_a_profile_says_of_caches_is_known(name: str) -> None:
    profile = framework(name)
    assert profile.hooks in {"", *REACH}
    known = {entry("models", model).get("family") for model in entries("models")}
    for cache, of in (profile.caches or {}).items():
        assert cache in methods()
        assert set(of) <= known
    if profile.hooks:
        classes = table(REACH[profile.hooks])["classes"]
        assert len(set(classes) & set(families())) > 10
