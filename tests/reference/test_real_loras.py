"""LoRAs that a model generates with: parameters, FLOPs and the peak of a small Wan against peft's own."""

from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.catalog.models import model
from vidcalc.describe.adapters import Adapters, Loras
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.shape import Shape
from vidcalc.ledger.weights import Network
from vidcalc.passes.loras import laden
from vidcalc.reference import measure
from vidcalc.reference.catalogue import component_of
from vidcalc.reference.classes import build
from vidcalc.reference.verify import call_of
from vidcalc.tape.trace import trace

SMALL = {"num_layers": 4, "num_attention_heads": 2, "attention_head_dim": 128, "ffn_dim": 512}
LORA = Adapters(rank=16, dtype="")
WIDER = Adapters(rank=8, dtype="", targets="attention+ffn")


@pytest.mark.parametrize("each", [(LORA,), (WIDER,), (WIDER, LORA)])
def test_live_loras_are_those_of_peft(each: tuple[Adapters, ...]) -> None:
    pytest.importorskip("peft")
    from vidcalc.reference.adapters import beside

    class_name, config = component_of("wan2.1-t2v-1.3b", "denoiser")
    module: Any = beside(build(class_name, config | SMALL), Loras(each=each))
    found = measure.measure(call_of("denoiser", module, {"batch": 1, "latent": [2, 16, 16]}), module)
    ours = replace(model("wan2.1-t2v-1.3b").denoiser, config=config | SMALL, params=None)
    taped = trace(ours, "forward", Shape(frames=2, height=16, width=16, tokens=512), "bf16", loras=Loras(each=each))
    assert taped.flops == found["flops"]
    assert taped.peak == found["peak_activation_bytes"]
    nbytes = sum(p.numel() * p.element_size() for name, p in module.named_parameters() if "lora_" in name)
    network = Network(component=ours, role="denoiser")
    assert laden(network, (taped,), Runtime()).weights.total == nbytes
