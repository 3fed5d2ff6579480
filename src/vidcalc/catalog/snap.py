"""--snap: the nearest size and length that a model accepts, in the place of what was asked for."""

from msgspec.structs import replace

from vidcalc.describe.geometry import snap
from vidcalc.describe.model import Caution, Model
from vidcalc.describe.workload import Workload

FIELDS = ("width", "height", "frames")


def snapped(model: Model, workload: Workload) -> tuple[Model, Workload]:
    """The workload at the nearest accepted size, and the model with a caution for each number that changed."""
    sizes = {field: getattr(workload, field) for field in FIELDS}
    taken = dict(zip(FIELDS, snap(model, **sizes), strict=True))
    said = [
        Caution(id="snapped_" + field, values={"asked": sizes[field], "value": taken[field]})
        for field in FIELDS
        if sizes[field] != taken[field]
    ]
    return replace(model, cautions=(*model.cautions, *said)), replace(workload, **taken)
