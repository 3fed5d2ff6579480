"""The list of accelerators: what `vidcalc gpus` prints. Its JSON form is vidcalc.gpus/1."""

from typing import Annotated, Any

import msgspec

from vidcalc.report.estimate import Entry

SCHEMA = "vidcalc.gpus/1"
# the numbers of an accelerator, as its file in the catalogue says them
UNITS = {
    **dict.fromkeys(("memory_marketed", "memory_driver", "memory_torch"), "byte"),
    **dict.fromkeys(("bandwidth", "fabric_rate", "host_copies.*.to_device", "host_copies.*.to_host"), "byte/second"),
    "peaks.*": "FLOP/second",
    "tdp": "watt",
    **dict.fromkeys(("prices.*.low", "prices.*.high"), "USD/second"),
    "release_year": "year",
    **dict.fromkeys(("multiprocessors", "memory_seen"), "1"),
}
GpuFacts = Annotated[dict[str, Any], msgspec.Meta(extra_json_schema={"units": UNITS})]


class Gpus(Entry, frozen=True, kw_only=True, eq=False):
    """The accelerators asked for, in the order asked for; their links by their ids."""

    schema: str = SCHEMA
    gpus: list[GpuFacts]
