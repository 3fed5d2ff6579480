"""Forward and backward of one micro-batch on the tape, as the plan trains: what is trained, kept and run again.

This is where a training ledger begins: its passes only share out what is taped here.
"""

import msgspec
from msgspec.structs import replace

from vidcalc.base.guest import named, named_fields
from vidcalc.base.number import Number, largest, maximum, nearest, unchanged
from vidcalc.catalog.training import networks, recipe
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.ledger.step import Aside, Live, Step, StepFlops, TrainedWeights, flops
from vidcalc.ledger.symbols import guests
from vidcalc.ledger.taping import stepped, traced
from vidcalc.ledger.types import Call, Execution, Ledger, Phase, PhaseId
from vidcalc.ledger.unsized import weighed, works
from vidcalc.ledger.weights import Weights, parameters, weights
from vidcalc.ops import Op
from vidcalc.passes.formats import WRITTEN
from vidcalc.passes.tensor import inside
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace, remember


class MicroBatch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A micro-batch on the tape: forward ops, those that run `again`, what is trained, FLOPs and live bytes."""

    ops: tuple[Op, ...]
    again: tuple[Op, ...]
    trained: TrainedWeights
    flops: StepFlops
    live: Live


def micro_batch(ledger: Ledger, training: TrainingPlan, *, each: bool = True) -> MicroBatch:
    """Tape the denoiser's plain forward of the ledger and its backward.

    each  every op by its name, in order, for ranks that cut layers, and not the work by kind alone

    Raises InputError for an unknown recipe or way of checkpointing.
    """
    component, shape = ledger.forward.component, ledger.forward.call.shape
    compute = recipe(training.recipe).compute
    # masks of all pairs are a generating pipeline's: trainers of these models run without one
    spelled = "all" if ledger.forward.call.spelled in WRITTEN else "none"
    if guests(shape):
        return _taped(component, shape, training, compute, spelled, each=each)
    words = (str(each), training.mode, training.base, training.experts, training.checkpointing, str(adapters(training)))
    taped: MicroBatch = remember(
        component,
        ("training", compute, spelled, *words),
        shape,
        lambda: _taped(component, shape, training, compute, spelled, each=each),
    )
    return taped


def _taped(
    component: Component, shape: Shape, training: TrainingPlan, compute: str, spelled: str, *, each: bool = True
) -> MicroBatch:
    """The micro-batch of that shape; `each`: every op by its name, in order, for ranks that cut layers."""
    beside = adapters(training)
    step = stepped(component, shape, compute, training.checkpointing, beside, spelled, each=each)
    forward = traced(component, "forward", shape, compute, spelled=spelled, each=each)
    trained = trained_weights(component, forward, step.trained, training)
    return MicroBatch(
        ops=step.ops,
        again=step.again,
        trained=trained,
        flops=flops(step.ops, step.again),
        live=Live(
            kept=step.kept,
            activations=step.activations,
            peak=step.peak,
            # a gradient has its weight's dtype: the adapters' own, else the one computed in
            gradients=named(
                "all_gradients", step.trained * ELEMENT_BYTES[(beside.dtype if beside else "") or compute], "byte"
            ),
            host=step.host,
            inside=inside(step.ops),
        ),
    )


def adapters(training: TrainingPlan) -> Adapters | None:
    """The adapters that are trained; None where all weights are."""
    if training.mode not in ADAPTED:
        return None
    chosen = recipe(training.recipe)
    return Adapters(
        rank=training.rank,
        targets=training.targets,
        kind=training.adapter,
        # without autocast wide weights are gathered in the dtype that is computed in, or computed in
        dtype=chosen.stored if chosen.cast else chosen.compute,
        autocast=chosen.compute if chosen.cast else "",
        dropout=training.adapter_dropout,
        keeps=training.base_keeps,
    )


def trained_weights(component: Component, forward: Trace, trained: Number, training: TrainingPlan) -> TrainedWeights:
    """Elements that are trained, those in repeated layers, and the network's bytes while it runs."""
    copies = component.copies if training.experts == "both" else 1
    params = parameters(component, (forward,))
    repeated = sum(elements for path, (elements, _) in forward.parameters.items() if forward.homes[path])
    if training.mode in ADAPTED:
        resident, mine, within = _resident(component, params, forward, training.base, copies), trained, trained
    else:
        resident = _resident(component, params, forward, recipe(training.recipe).compute, copies)
        mine, within = params, repeated
    # elements of one expert x experts that are trained
    record = TrainedWeights(
        trained=component.every(mine, copies),
        repeated=component.every(within, copies),
        held=resident,
        block=_largest_layer(forward),
        plain=_resident(component, params, forward, recipe(training.recipe).compute, copies).copy,
        copies=copies,
    )
    return named_fields(record, trained, note=component.id)


def _resident(component: Component, params: Number, forward: Trace, name: str, copies: int) -> Weights:
    """The denoiser's weights in a number format, of as many experts as are loaded [byte]."""
    one = weights(component, params, (forward,), name)
    together, blocks = component.every(one.copy, copies), component.every(one.blocks, copies)
    several = replace(one, total=together, copy=together, blocks=blocks, count=one.count * copies)
    return named_fields(several, one.copy, "byte", note=name)


def _largest_layer(forward: Trace) -> Number:
    """Elements of the largest repeated layer [elements]."""
    layers: dict[str, Number] = {}
    rounds: dict[str, Number] = {}
    for path, (elements, _) in forward.parameters.items():
        block = forward.homes[path]
        if block:
            layers[block] = layers.get(block, 0) + elements
            rounds[block] = forward.rounds[path]
    # a name stands for all its rounds' elements: one layer has 1 / rounds of them
    return largest(layers[block] / maximum(rounds[block], 1) for block in layers)


def step(ledger: Ledger, training: TrainingPlan, validation: Number = 0, *, each: bool = True) -> Step:
    """The optimizer step of a generation's size: its micro-batch, what feeds it, and the networks beside.

    ledger      the generation, whose VAE and text encoders may run in the loop
    validation  live activations of a validation sample [byte]
    each        every op by its name, in order: whoever shares the step out later needs them
    """
    generating = ledger.forward.run
    run = Execution(attention=generating.attention, compile=generating.compile, stack=generating.stack)
    micro, plain = micro_batch(ledger, training, each=each), Execution(attention=run.attention)
    rolled = networks(training.networks).decoded == "yes"
    decode = ledger.phase("vae_decode")
    fed = [name for name in ("latents", "texts") if getattr(training, name) == "online"]
    fed = [name for name in fed if name == "texts" or not rolled]  # what is rolled out needs no encoding
    feeding = [
        *(_every_call(each, plain) for each in (ledger.encode,) if each and "latents" in fed),
        *(_one_prompt(each, plain) for each in ledger.phases if each.id == "text_encode" and "texts" in fed),
    ]
    return Step(
        **{name: getattr(ledger, name) for name in ("model", "latent", "batch", "steps", "pixels", "video_tokens")},
        phases=(
            _pass("forward", ledger.forward, micro.ops, run),
            _pass("backward", ledger.forward, micro.ops, run),
            _pass("recompute", ledger.forward, micro.again, run),
            *feeding,
        ),
        forward=ledger.forward,
        encode=ledger.encode,
        flops=micro.flops,
        trained=micro.trained,
        live=_scaled(micro.live, ledger.further.scale),
        aside=_aside(ledger, training, rolled, validation),
        decode=_every_call(decode, plain) if decode and decode.trace and rolled else None,
        happens=tuple(name for name, there in _happening(training).items() if there),
    )


def _happening(training: TrainingPlan) -> dict[str, bool]:
    """The stages of a step, and whether each happens."""
    return {
        "precompute": training.encoding != "apart" and "precomputed" in (training.latents, training.texts),
        "load": training.loading == "device",
        "encode": "online" in (training.latents, training.texts),
        "rollout": training.networks != "alone",
        "company": training.networks != "alone",
        "forward_backward": True,
        "optimizer_step": True,
        "validation": training.validation == "on",
    }


def _pass(name: PhaseId, forward: Phase, ops: tuple[Op, ...], run: Execution) -> Phase:
    """A pass through the denoiser."""
    call: Call = forward.call
    return Phase(id=name, call=call, ops=ops, executed=ops, run=run, prompt_rows=forward.prompt_rows)


def _every_call(phase: Phase, run: Execution) -> Phase:
    """A network of the generation on one micro-batch of samples, all its calls."""
    return replace(phase, ops=_times(phase.taped.ops, phase.calls), run=run, calls=1, turns=1)


def _one_prompt(phase: Phase, run: Execution) -> Phase:
    """A text encoder on one prompt a sample, whatever guidance asks of a generation."""
    return replace(phase, ops=_times(phase.taped.ops, phase.component.runs), run=run, calls=1, turns=1)


def _times(ops: tuple[Op, ...], count: Number) -> tuple[Op, ...]:
    """The ops that many times."""
    return ops if unchanged(count, 1) else tuple(replace(op, count=op.count * count) for op in ops)


def _scaled(live: Live, scale: float) -> Live:
    """The live bytes of a step whose network holds that many times what is taped; all of them as they are at one."""
    if scale == 1:
        return live
    kept, activations = nearest(live.kept * scale), nearest(live.activations * scale)
    # gradients at the peak stand on top of the activations there
    return replace(live, kept=kept, activations=activations, peak=live.peak - live.activations + activations)


def _beforehand(networks: list[tuple[Number, Number]], training: TrainingPlan) -> Number:
    """Bytes of networks, each (weights, live activations), that encode before the first step; 0 in a run of its own."""
    if training.encoding == "apart" or not networks:
        return 0
    if training.encoding == "together":
        return sum(kept for kept, _ in networks) + largest(live for _, live in networks)
    return largest(kept + live for kept, live in networks)


def _aside(ledger: Ledger, training: TrainingPlan, rolled: bool, validation: Number) -> Aside:
    """The networks beside the trained one, and the live bytes of their runs."""
    online = {"vae": training.latents == "online" or rolled, "text_encoder": training.texts == "online"}
    sizes = {
        role: named(role, sum(each.weights.total for each in ledger.weights.values() if each.role == role), "byte")
        for role in ("vae", "text_encoder")
    }
    texts = [phase.taped.peak for phase in ledger.phases if phase.id == "text_encode"]
    encode = ledger.encode.taped.peak if ledger.encode else 0
    cached = encode if unchanged(training.encoded_at_once, 0) else encode * training.encoded_at_once / ledger.batch
    before = {
        "latents": (sizes["vae"], cached) if ledger.encode else (0, 0),
        "texts": (sizes["text_encoder"], largest(texts)) if texts else (0, 0),
    }
    decode = ledger.phase("vae_decode")
    record = Aside(
        vae=sizes["vae"] * online["vae"],
        encoders=sizes["text_encoder"] * online["text_encoder"],
        # what is rolled out is decoded, never encoded
        vae_work=encode if online["vae"] and not rolled else 0,
        text_work=largest(texts) if online["text_encoder"] else 0,
        beforehand=_beforehand([before[name] for name in before if getattr(training, name) == "precomputed"], training),
        company=ledger.further.company,
        validation=validation,
        validated=sizes["vae"],
        forward_work=ledger.forward.taped.peak,
        decode_work=decode.taped.peak if decode and decode.trace and rolled else 0,
    )
    record = named_fields(record, record.forward_work, "byte")
    return replace(record, unsized=tuple(_unsized(ledger, online)))


def _unsized(ledger: Ledger, online: dict[str, bool]) -> list[str]:
    """Networks in the loop whose bytes nothing tells: of their weights, or of the VAE's encode."""
    inside = {name: each for name, each in ledger.weights.items() if online.get(each.role, each.role == "denoiser")}
    blind = ledger.encode is None
    return [name for name, each in inside.items() if not weighed(each) or (works(each) and blind)]
