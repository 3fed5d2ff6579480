"""The flags that leave work out: --step-cache, --guidance-interval, --attention-density, --token-merge."""

from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.catalog.speedups import SPARSE, STEP_CACHE
from vidcalc.faces.flags.inputs import LONGEST, Real, refuse
from vidcalc.faces.words import N_, _

LEAST = 0.01  # a share of the steps or of the blocks that is worth computing


class Share(click.ParamType):  # type: ignore[type-arg]
    """A share of one, or the name of a published setting (data/speedups.toml) of that kind."""

    name = "share"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Raises Refused for what is neither; whether the name was published for the model is settled later."""
        from vidcalc.catalog.speedups import names

        word, known = str(value).strip().casefold(), names(self.kind)
        if word in known:
            return word
        if word[:1].isalpha():
            near = nearest(word[:LONGEST], known) or "0.5"
            expects = _("a share from {low} to 1, or one of {names}", low=LEAST, names=", ".join(known))
            raise refuse(param, value, expects, near, *known)
        return Real(LEAST, 1).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The settings that begin so."""
        from click.shell_completion import CompletionItem

        from vidcalc.catalog.speedups import names

        return [CompletionItem(name) for name in names(self.kind) if name.startswith(incomplete)]


# name: (names on the command line, what it takes, how that is called, its default in words, help)
SPEEDUPS: dict[str, tuple[tuple[str, ...], click.ParamType, str, str, str]] = {  # type: ignore[type-arg]
    "step_cache": (
        ("--step-cache",),
        Share(STEP_CACHE),
        N_("SHARE|NAME"),
        "1",
        N_(
            "Step caching: the share of the steps that run the whole denoiser, or a published setting such as "
            "teacache-0.2, magcache-e024k6r02, fbcache; a wrong one lists all."
        ),
    ),
    "guidance_interval": (
        ("--guidance-interval",),
        Real(0, 1),
        N_("SHARE"),
        "1",
        N_("Share of the steps that run guidance; the others take one prediction."),
    ),
    "attention_density": (
        ("--attention-density",),
        Share(SPARSE),
        N_("SHARE|NAME"),
        "1",
        N_(
            "Sparse attention: the share of self-attention's score blocks that are computed, or a published setting: "
            "sparse-videogen, natten, nabla, vsa."
        ),
    ),
    "token_merge": (
        ("--token-merge",),
        Real(0, 0.9),
        N_("SHARE"),
        "0",
        N_("Token merging: share of the tokens that go through self-attention as part of others (U-Nets: 0.5)."),
    ),
}


def left_out(asked: dict[str, Any], model: str) -> dict[str, Any]:
    """The fields of a plan that those flags set. Raises InputError for a setting not published for the model."""
    from vidcalc.catalog.speedups import cached, thinned

    found: dict[str, Any] = {}
    share = asked.get("step_cache")
    if share is not None:
        found |= cached(share, model) if isinstance(share, str) else {"step_cache": "stated", "computed_steps": share}
    density = asked.get("attention_density")
    if density is not None:
        stated = {"sparse_attention": "stated", "attention_density": density}
        found |= thinned(density, model) if isinstance(density, str) else stated
    if "guidance_interval" in asked:
        found["guided_share"] = asked["guidance_interval"]
    if "token_merge" in asked:
        found["merged_tokens"] = asked["token_merge"]
    return found
