"""Checkpointing and adapters of the referee: torch's and peft's own, on a small network and against the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidcalc.catalog.models import model
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.shape import Shape
from vidcalc.reference import measure
from vidcalc.reference.catalogue import component_of
from vidcalc.reference.checkpointing import blocks_checkpointed
from vidcalc.reference.classes import build
from vidcalc.reference.verify import call_of
from vidcalc.tape.step import stepped

RECORDED = json.loads((Path(__file__).parents[1] / "golden/training_steps.json").read_text(encoding="utf-8"))["steps"]
LAYERS, TOKENS, WIDTH = 4, 2 * 16 * 16 // 4, 256
SMALL = {"num_layers": LAYERS, "num_attention_heads": 2, "attention_head_dim": 128, "ffn_dim": 512}
SHAPE = {"batch": 1, "latent": [2, 16, 16]}
HIDDEN = 2 * TOKENS * WIDTH  # bytes of the hidden state in bf16
MODELS = ("wan2.1-t2v-1.3b", "cogvideox-2b", "svd-xt")


@pytest.fixture(scope="module")
def kept() -> Any:
    """Bytes a small Wan keeps for backward, by word."""
    class_name, config = component_of("wan2.1-t2v-1.3b", "denoiser")
    module = build(class_name, config | SMALL)
    call = call_of("denoiser", module, SHAPE)
    return lambda word: measure.train_step(module, call, word).kept_for_backward


def test_every_block_in_turn_keeps_a_share_of_what_all_keep(kept: Any) -> None:
    none, full = kept("none"), kept("full")
    assert kept("every:1") == kept("segments:1") == kept("partial:1") == full
    assert kept("every:5") == kept("partial:0") == none
    one = kept("every:4") - kept("every:2")  # each of these also keeps the arguments that all blocks share
    assert one > 0
    assert kept("every:2") - kept("partial:0.75") == one
    assert kept("every:2") - full == 2 * one


def test_a_segment_keeps_one_input(kept: Any) -> None:
    assert kept("full") - kept("segments:2") == (LAYERS - LAYERS // 2) * HIDDEN
    assert kept("full") - kept("segments:3") == (LAYERS - 2) * HIDDEN
    assert kept("full") - kept("offload") == LAYERS * HIDDEN


def test_selective_contexts_keep_their_results(kept: Any) -> None:
    """Two attentions a block: the output in bf16, and a float32 log-sum-exp for each of two heads."""
    attention = 2 * (HIDDEN + 2 * 4 * TOKENS)
    assert kept("attention") - kept("full") == LAYERS * attention
    assert kept("attention") < kept("matmul") < kept("none")


def test_the_network_is_as_before_afterwards(kept: Any) -> None:
    before = kept("none")
    for word in ("segments:3", "matmul", "every:2"):
        kept(word)
        assert kept("none") == before


def test_an_unknown_word_leaves_the_network_alone() -> None:
    class_name, config = component_of("wan2.1-t2v-1.3b", "denoiser")
    module = build(class_name, config | SMALL)
    with pytest.raises(Exception, match="often"), blocks_checkpointed(module, "often"):
        pass
    assert not module.gradient_checkpointing


@pytest.mark.parametrize("word", ["none", "full", "every:3"])
@pytest.mark.parametrize(("name", "text"), [("wan2.1-t2v-1.3b", 512), ("cogvideox-2b", 226), ("svd-xt", 1)])
def test_activations_are_what_is_there_where_gradients_of_weights_are_let_go_at_once(
    name: str, text: int, word: str
) -> None:
    """Each is there for the moment of its making: a layer's may be on top of what we count."""
    class_name, config = component_of(name, "denoiser")
    module = build(class_name, config, "bf16")
    for parameter in module.parameters():
        parameter.register_post_accumulate_grad_hook(lambda each: setattr(each, "grad", None))
    layer = 2 * max(each.numel() for each in module.parameters())
    shape = {"batch": 1, "latent": [5, 34, 46], "text_tokens": text}
    measured = measure.train_step(module, call_of("denoiser", module, shape), word).forward_backward_peak
    sizes = Shape(batch=1, frames=5, height=34, width=46, tokens=text)
    found = stepped(model(name).denoiser, sizes, "bf16", word).activations
    assert found <= 1.001 * measured
    assert measured <= 1.005 * (found + layer)


@pytest.mark.parametrize("adapters", [False, True], ids=["whole", "adapters"])
@pytest.mark.parametrize("name", MODELS)
def test_the_file_holds_what_the_referee_measures_now(name: str, adapters: bool) -> None:
    found = [each for each in RECORDED if each["model"] == name and ("adapters" in each) == adapters]
    case = min(found, key=lambda each: each["kept_for_backward"])
    chosen = None
    if adapters:
        pytest.importorskip("peft")
        chosen = Adapters(**case["adapters"])
    from vidcalc.reference.adapters import step_of

    network = component_of(name, "denoiser")
    step, trained = step_of(*network, case["shape"], case["dtype"], case["checkpointing"], chosen)
    assert trained == case["trained"]
    assert step.kept_for_backward == case["kept_for_backward"]
    assert step.forward_backward_peak == case["forward_backward_peak"]
