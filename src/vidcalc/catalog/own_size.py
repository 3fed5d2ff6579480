"""A size by its name ("480p") as a model has it: Wan's is 832 by 480, where the name alone would say 854 by 480."""

from msgspec.structs import replace

from vidcalc.describe.geometry import snap
from vidcalc.describe.model import Caution, Model

WIDE = 16 / 9


def own_size(model: Model, name: str, usual: tuple[int, int]) -> tuple[Model, tuple[int, int]]:
    """The landscape size that the model was made for with the lines of `usual`, else the nearest it accepts; and the
    model with a note, where that is another.
    """
    clip = model.defaults
    made_for = ((clip.width, clip.height), *model.constraints.native_sizes)
    lines = usual[1]
    found = {(max(size), min(size)) for size in made_for if min(size) == lines}
    taken = min(found, key=lambda size: abs(size[0] / size[1] - WIDE), default=None)
    if taken is None:
        width, height, _frames = snap(model, *usual, clip.frames)
        taken = int(width), int(height)
    if taken == tuple(usual):
        return model, taken
    note = Caution(id="own_size", values={"size": name, "width": taken[0], "height": taken[1]})
    return replace(model, cautions=(*model.cautions, note)), taken
