"""What there is to spend on training: hours of GPUs, or money."""

from typing import Any

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """kind    "gpu_time", or "money"
    amount  accelerator-seconds of "gpu_time", USD of "money"
    """

    kind: str
    amount: Any
