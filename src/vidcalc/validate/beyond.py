"""A row whose reading cannot have run: a text encoder that is whole on a card which is smaller than its weights.

Parameters and the bytes of a format are facts, so that this says nothing of how well anything is predicted: the row
leaves out how the encoder was split, or how it came.
"""

from vidcalc.base.number import scalar
from vidcalc.catalog.precisions import precision
from vidcalc.describe.question import Question
from vidcalc.passes.ways import WAYS

HALF = 2  # bytes of a weight: encoders that a program keeps wider may have been kept narrower
ROLE = "text_encoder"


def beyond(question: Question) -> bool:
    """Whether a text encoder is larger than the card that holds it whole, or that rank's slice of it."""
    plan, capacity = question.plan, question.hardware.accelerator.capacity
    way = WAYS.get(plan.offload)
    coming = None if way is None else way.coming.get(ROLE)
    if way is None or (coming is not None and coming.hooks != "whole"):
        return False  # it comes piece by piece, or as the card allows
    pieces = scalar(plan.text_degree) * (scalar(plan.shard_degree) if plan.shards == "encoders" else 1)
    stored = min(precision(plan.text_encoder_precision).stored, HALF)
    return any((each.params or 0) * stored / pieces > scalar(capacity) for each in question.model.text_encoders)
