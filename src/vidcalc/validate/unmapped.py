"""What a reading raises where a row leaves a setting out that its prediction needs."""


class Unmapped(Exception):
    """A setting is missing: `reason` is its id."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
