"""How large a workflow's video is: the latents that it makes, else the pictures that it encodes."""

from vidcalc.base.facts import Facts
from vidcalc.modelfiles.recipes.graph import Link, Nodes
from vidcalc.modelfiles.recipes.recipe import Told
from vidcalc.modelfiles.recipes.values import count, keeps_shape, role, sides, value, whole

LENGTHS = ("length", "num_frames", "video_frames", "frames")
SIDES = {"width": ("width", "generation_width"), "height": ("height", "generation_height")}


def size(found: Nodes, told: Told) -> Facts:
    """Resolution, frames and batch of the latents that are made; else of the pictures that are encoded."""
    sized = [node for node in found.values() if role(node) in ("size", "sampler")]
    settings: Facts = {}
    stated = []
    linked = False
    for node in sized:
        across, down = (whole(found, node, *SIDES[side]) for side in ("width", "height"))
        frames = whole(found, node, *LENGTHS)
        if across and down:
            stated.append((across, down))
            linked = linked or any(isinstance(node.inputs.get(key), Link) for key in SIDES["width"])
        if frames and "frames" not in settings:
            settings["frames"] = frames
        batch = whole(found, node, "batch_size")
        if batch and batch > 1:
            settings["batch_size"] = batch
        seconds = value(found, node, "total_second_length")
        if isinstance(seconds, int | float) and seconds:
            settings["seconds"] = seconds
    encoded = [node for node in found.values() if role(node) == "encode"]
    for node in encoded:
        seen = sides(found, node)
        if not stated and seen:
            stated.append((seen["width"], seen["height"]))
            linked = True
        frames = count(found, node)
        if frames and frames > 1 and "frames" not in settings:
            settings["frames"] = frames
    if stated:
        settings["resolution"] = stated[0]
        different = list(dict.fromkeys(f"{w}x{h}" for w, h in stated if (w, h) != stated[0]))
        if different:
            told.append(("sizes_beside", {"sizes": ", ".join(different)}))
        if linked and any(keeps_shape(node) for node in found.values()):
            told.append(("size_by_picture", {"size": f"{stated[0][0]}x{stated[0][1]}"}))
    else:
        told.append(("size_not_stated", {}))
    if not settings.keys() & {"frames", "seconds"}:
        told.append(("frames_not_stated", {}))
    return settings
