"""`--bucket 1280x720x81:0.5:b2`: samples of one size, their share of all and how many a micro-batch holds."""

from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.faces.flags.inputs import Real, Size, Whole, refuse
from vidcalc.faces.words import _

EXAMPLE = "1280x720x81:0.5:b2"
FRAMES, SHARE, BATCH = Whole(1, 10**7), Real(1e-9, 1e9), Whole(1, 10**6)


class BucketOf(click.ParamType):  # type: ignore[type-arg]
    """WIDTHxHEIGHTxFRAMES or PRESETxFRAMES (720px81), then a share and bN in any order, after colons."""

    name = "bucket"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, float | None, int]:
        """(width, height, frames, share or None, batch). Raises Refused."""
        if isinstance(value, tuple):
            return value
        size, *more = str(value).casefold().replace("×", "x").split(":")
        sides, _x, frames = size.rpartition("x")
        try:
            width, height = Size().convert(sides, None, ctx)
            length = FRAMES.convert(frames, None, ctx)
            share, batch = None, 1
            for part in more:
                if part.startswith("b"):
                    batch = BATCH.convert(part[1:], None, ctx)
                else:
                    share = float(SHARE.convert(part, None, ctx))
        except InputError:
            expects = _("WIDTHxHEIGHTxFRAMES, then :SHARE and :bBATCH as wanted, such as {example}", example=EXAMPLE)
            raise refuse(param, value, expects, EXAMPLE, "WIDTHxHEIGHTxFRAMES[:SHARE][:bBATCH]") from None
        return width, height, length, share, batch

    @staticmethod
    def spelled(size: tuple[int, int, int, float | None, int]) -> str:
        """A size as one types it."""
        width, height, frames, share, batch = size
        return f"{width}x{height}x{frames}" + ("" if share is None else f":{share:g}") + f":b{batch}"
