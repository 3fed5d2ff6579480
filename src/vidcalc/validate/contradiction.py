"""A row that contradicts itself: a peak below the weights that its own words keep on the device.

Parameters and the bytes of a format are facts, so that this says nothing of how well anything is predicted.
"""

from vidcalc.base.number import Number, maximum, scalar
from vidcalc.catalog.precisions import precision
from vidcalc.describe.question import Question
from vidcalc.validate import text
from vidcalc.validate.table import Row

KEPT = ("none", "encoders", "encoders-streamed")  # what a row may say of offload and keep the denoiser where it runs
SIXTEEN_BITS = 2  # bytes of a weight
SHARED = ("shard_degree", "tensor_degree", "pipefusion_degree")  # ways by which a card keeps a part of the weights


def contradiction(row: Row, question: Question, peak: float | None) -> str:
    """Why a row's own settings cannot have had its peak; empty where they can, or where it does not state them."""
    moves, formats = text.rule("offload", row.offload), text.rule("precision", row.precision)
    plan, denoiser = question.plan, question.model.denoiser
    stated = bool(row.offload and row.precision and "precision" in formats)
    if peak is None or not stated or moves.get("offload") not in KEPT or denoiser.params is None:
        return ""
    shared: Number = 1
    for field in SHARED:
        shared = shared * getattr(plan, field)
    # where only the encoders are said to leave, one of two experts may wait
    copies = denoiser.copies if moves["offload"] == "none" else 1
    kept = denoiser.every(denoiser.params, copies) * precision(str(formats["precision"])).stored / shared
    if moves["offload"] == "none":  # nothing leaves: encoders are there too, at no more than 16 bits
        stored = min(precision(plan.text_encoder_precision).stored, SIXTEEN_BITS)
        encoders = sum(each.params or 0 for each in question.model.text_encoders)
        # of ranks that share the encoders each has a part
        kept = kept + encoders * stored / maximum(plan.text_degree, plan.shard_degree)
    if peak >= float(scalar(kept)):
        return ""
    return "memory: less than the weights that its own settings keep on the device"
