"""What there is to spend on training: hours of GPUs, or money."""

import msgspec

from vidcalc.base.number import Number


class Budget(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """kind    "gpu_time", or "money"
    amount  accelerator-seconds of "gpu_time", USD of "money"
    """

    kind: str
    amount: Number
