"""The passes of a workflow's samplers: steps and guidance of the first, further ones told."""

from vidcalc.base.facts import Facts
from vidcalc.modelfiles.recipes.graph import FAR, Link, Node, Nodes
from vidcalc.modelfiles.recipes.recipe import Told
from vidcalc.modelfiles.recipes.values import linked, role, value, whole, word

# of samplers that use the prediction without the prompt by itself: it is made at a scale of 1 as well (ComfyUI 0.33.0
# comfy/k_diffusion/sampling.py, disable_cfg1_optimization)
BOTH = "_cfg_pp"
EMBEDDED = "embedded_guidance_scale"  # an input of the network, and no guidance between two predictions
DECIMALS = 6  # of a scale: sliders leave 1.0000000000000002
LAST = 10_000  # an `end_at_step` that means the last one


def sampling(found: Nodes, loaders: set[str], told: Told) -> Facts:
    """Steps and guidance of the first pass of those loaders' networks; further ones are told."""
    passes: list[int] = []
    settings: Facts = {}
    for node in _in_order(found):
        steps = _steps(found, node)
        if steps is None:
            told.append(("steps_not_stated", {"node": node.type}))
            continue
        read = {n for n in ancestors(found, node, ("model", "guider")) if role(found[n]) == "denoiser"}
        if read and not read & loaders:
            told.append(("further_passes", {"passes": str(steps)}))
            continue
        later = _behind(found, node)
        if passes and not later and (not steps or _part(found, node)):
            passes[-1] += steps
        else:
            passes.append(steps)
        if "guidance" not in settings and not later:
            settings |= _guidance(found, node)
    if passes:
        settings["steps"] = passes[0]
    if passes[1:]:
        told.append(("further_passes", {"passes": ", ".join(str(steps) for steps in passes[1:])}))
    return settings


def _in_order(found: Nodes) -> list[Node]:
    """The samplers, each behind those whose latents it works on."""
    samplers = [node for node in found.values() if role(node) == "sampler"]
    return sorted(samplers, key=lambda node: len(_before(found, node, "sampler")))


def _before(found: Nodes, node: Node, kind: str) -> set[str]:
    """The nodes of a role that a sampler's latents come from."""
    return {n for n in ancestors(found, node, ("latent", "sample", "image")) if role(found[n]) == kind}


def ancestors(found: Nodes, node: Node, words: tuple[str, ...]) -> set[str]:
    """Every node that a node's inputs with such names come from."""
    seen: set[str] = set()
    waiting = [v.node for k, v in node.inputs.items() if isinstance(v, Link) and any(word in k for word in words)]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in found:
            continue
        seen.add(name)
        waiting += [link.node for link in linked(found[name])]
        if role(found[name]) == "get":
            kept = found[name].inputs.get("name")
            waiting += [n.id for n in found.values() if n.type == "SetNode" and n.inputs.get("name") == kept]
    return seen


def _behind(found: Nodes, node: Node) -> bool:
    """Whether a sampler works on what another one made and an upscaler enlarged."""
    return bool(_before(found, node, "sampler")) and bool(_before(found, node, "upscale"))


def _part(found: Nodes, node: Node) -> bool:
    """Whether a sampler runs only a part of its schedule."""
    start = whole(found, node, "start_at_step", "start_step") or 0
    end = whole(found, node, "end_at_step", "end_step")
    split = any(role(found[link.node]) == "split" for link in linked(node) if link.node in found)
    return start > 0 or split or (end is not None and 0 < end < LAST)


def _steps(found: Nodes, node: Node) -> int | None:
    """The steps that a sampler runs."""
    steps = whole(found, node, "steps")
    if steps is None:
        steps = _scheduled(found, node)
    if steps is None:
        return None
    if _goes_on(found, node):
        return 0
    start = whole(found, node, "start_at_step", "start_step") or 0
    end = whole(found, node, "end_at_step", "end_step")
    end = steps if end is None or end <= 0 else min(end, steps)
    return max(end - start, 1)  # a share to denoise changes where the schedule begins, not how many steps it has


def _goes_on(found: Nodes, node: Node) -> bool:
    """Whether a sampler begins where the one before it ends, at a step that another node finds: the steps of both are
    the schedule's."""
    starts = [key for key in ("start_at_step", "start_step") if isinstance(node.inputs.get(key), Link)]
    unknown = bool(starts) and whole(found, node, *starts) is None
    return unknown and bool(_before(found, node, "sampler"))


def _scheduled(found: Nodes, node: Node) -> int | None:
    """The steps of the sigmas that a sampler is given."""
    link, split = node.inputs.get("sigmas"), None
    for _ in range(FAR):
        if not isinstance(link, Link) or link.node not in found:
            return None
        origin = found[link.node]
        kind = role(origin)
        if kind == "split":
            at = whole(found, origin, "step") or 0
            split, link = (link.slot, at), origin.inputs.get("sigmas")
            continue
        if kind != "schedule":
            link = next(linked(origin), None)
            continue
        sigmas = origin.inputs.get("sigmas")
        if isinstance(sigmas, str):
            return max(len([part for part in sigmas.replace(";", ",").split(",") if part.strip()]) - 1, 1)
        steps = whole(found, origin, "steps")
        if steps is None or split is None:
            return steps
        return split[1] if split[0] == 0 else steps - split[1]
    return None


def _guidance(found: Nodes, node: Node) -> Facts:
    """The scale of classifier-free guidance, and whether both predictions are made at any scale; nothing where the
    sampler's guider has none."""
    seen = value(found, node, "cfg" if "cfg" in node.inputs else "cfg_high_noise")
    if seen is None and EMBEDDED in node.inputs:  # without the node that says another scale nothing is guided
        guided = next((each for each in found.values() if role(each) == "guided"), None)
        seen = 1 if guided is None else value(found, guided, "cfg")
    link = node.inputs.get("guider")
    if seen is None and isinstance(link, Link) and link.node in found:
        guider = found[link.node]
        if role(guider) == "unguided":
            return {"guidance": 1}
        seen = value(found, guider, "cfg")
    if isinstance(seen, int | float) and not isinstance(seen, bool):
        return {
            "guidance": round(seen, DECIMALS),
            **({"predictions": "both"} if _sampler(found, node).endswith(BOTH) else {}),
        }
    return {}


def _sampler(found: Nodes, node: Node) -> str:
    """The name of the method that a sampler steps by; "" where it is not known."""
    link = node.inputs.get("sampler")
    origin = found.get(link.node, node) if isinstance(link, Link) else node
    return word(found, origin, "sampler_name")
