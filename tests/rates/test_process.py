"""What a process takes of a card before the first tensor, by the chip it runs on."""

import pytest

from vidcalc.base.units import quantity
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.defaults import context_facts, defaults
from vidcalc.rates.allocator import context, process_bytes, workspace
from vidcalc.rates.machines import accelerator, hardware

MIB = 2**20


@pytest.mark.parametrize(("chip", "mib"), [("h200", 607), ("h100-sxm", 607), ("a100-sxm-80gb", 450), ("m3-max", 450)])
def test_the_context_is_that_of_the_architecture_where_it_was_measured(chip, mib):
    assert context(accelerator(chip)) == mib * MIB
    assert process_bytes(1, accelerator(chip)) == mib * MIB + workspace(accelerator(chip))
    assert context_facts(accelerator(chip).compute_capability)["provenance"] == (
        "measured" if mib == 607 else "assumed"
    )


def test_every_context_lies_within_its_range_and_has_a_source():
    for facts in (defaults()["process"]["context"], *defaults()["process"]["context"]["by_capability"].values()):
        low, likely, high = (quantity(facts[end], "B") for end in ("low", "likely", "high"))
        assert low <= likely <= high and facts["source"]


def test_a_report_says_it_and_counts_it_outside_torchs_counters():
    model = fill.model("wan2.1-t2v-1.3b")
    for chip, said in (("h200", "607 MiB"), ("a100-sxm-80gb", "450 MiB")):
        report = calculate(model, fill.workload(model), hardware(chip), fill.plan(model))
        memory = report.memory.inference
        assert memory.device - memory.reserved == context(accelerator(chip))
        assert next(row.value for row in report.assumptions if row.id == "process_overhead") == said
