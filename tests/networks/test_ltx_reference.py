"""LTX-2 beside a reference video (IC-LoRA): its tokens stand in the sequence, its weights are those of the model."""

from golden_cases import flops

from vidcalc.catalog.models import model
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import ltx2
from vidcalc.tape import Tape

SIZES = {"frames": 4, "height": 8, "width": 12, "tokens": 64}


def taped(**extra: int) -> Tape:
    tape = Tape("bf16")
    known = model("ltx-2.3-distilled").denoiser.config
    config = ltx2.Config(**{key: known[key] for key in ltx2.Config.__struct_fields__ if key in known})
    shape = Shape(**SIZES, timestep="token", extra=extra)  # type: ignore[arg-type]
    ltx2.forward(tape, config, shape)
    return tape


def test_a_reference_of_the_same_size_doubles_the_tokens() -> None:
    plain = ltx2.tokens(ltx2.Config(), Shape(**SIZES))  # type: ignore[arg-type]
    for scale, share in ((1, 1), (2, 4)):
        shape = Shape(**SIZES, extra={"reference_scale": scale})  # type: ignore[arg-type]
        assert ltx2.tokens(ltx2.Config(), shape) == plain + plain // share


def test_a_reference_costs_what_as_many_frames_more_do() -> None:
    alone, beside = taped(audio_tokens=40), taped(audio_tokens=40, reference_scale=1)
    assert beside.parameter_count == alone.parameter_count == model("ltx-2.3-ic-lora").denoiser.params
    tape = Tape("bf16")
    known = model("ltx-2.3-distilled").denoiser.config
    config = ltx2.Config(**{key: known[key] for key in ltx2.Config.__struct_fields__ if key in known})
    twice = Shape(**SIZES | {"frames": 8}, timestep="token", extra={"audio_tokens": 40})  # type: ignore[arg-type]
    ltx2.forward(tape, config, twice)
    assert flops(beside) == flops(tape) > 1.8 * flops(alone)


def test_without_sound_only_its_weights_are_left() -> None:
    silent = taped(audio_tokens=0, reference_scale=1)
    assert silent.parameter_count == model("ltx-2.3-ic-lora-hdr").denoiser.params
    assert flops(silent) < flops(taped(audio_tokens=40, reference_scale=1))
