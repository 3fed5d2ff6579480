"""The list of models: what `vidcalc models` prints. Its JSON form is vidcalc.models/1."""

from vidcalc.report.estimate import Entry
from vidcalc.report.units import FrameRate, Frames, Pixels, Steps, Weights

SCHEMA = "vidcalc.models/1"


class ModelRow(Entry, frozen=True, kw_only=True, eq=False):
    """A model of the catalogue and its default clip.

    params  of one denoiser;  params_total  of all its experts; None where nobody published them
    provenance  exact, or estimate for an unpublished model
    presets     names of its other published settings (--preset)
    """

    name: str
    title: str
    family: str
    kind: str
    task: str
    provenance: str
    released: str
    params: Weights | None
    params_total: Weights | None
    width: Pixels
    height: Pixels
    frames: Frames
    fps: FrameRate
    steps: Steps
    presets: list[str]


class Models(Entry, frozen=True, kw_only=True, eq=False):
    """Every model of the catalogue."""

    schema: str = SCHEMA
    models: list[ModelRow]
