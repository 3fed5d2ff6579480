"""How the framework runs the pipeline: networks that it runs otherwise, further models, and what a process holds."""

from msgspec.structs import replace

from vidcalc.base.guest import given
from vidcalc.base.number import Number, ceil_div, is_array, maximum, minimum, nearest, unchanged
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Component, Vae
from vidcalc.describe.plan import Plan
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.shape import Shape
from vidcalc.ledger.types import Call, Further, Ledger, Phase
from vidcalc.ledger.unroll import COLOURS
from vidcalc.ledger.weights import Network, Weights
from vidcalc.ops import Convolution
from vidcalc.passes.degrees import context, ranks
from vidcalc.passes.formats import execution, put
from vidcalc.passes.phases import DECODER, rewrite, rewrite_calls
from vidcalc.passes.tensor import SIZES, cut_weights, sliced, sums
from vidcalc.rates.allocator import allocator, process_bytes
from vidcalc.tape import ELEMENT_BYTES

# a decode whose network is not written here, as convolutions of the widest maps, where most of its work is
WIDTH, TAPS = 128, 27


def networks(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls of the networks that the framework runs, and the ranks that it gives a decode by itself."""
    runtime = plan.runtime

    def run(phase: Phase) -> Phase:
        component = altered(phase.component, runtime)
        if component is not phase.component:
            phase = replace(phase, call=replace(phase.call, component=component))
        if phase.id == "vae_decode" and runtime.decoders != "one":
            ranks = context(plan) * (plan.guidance_degree if runtime.decoders == "all" else 1)
            phase = replace(phase, call=replace(phase.call, ranks=ranks))
        network = runtime.networks.get(component.network, component.network)
        own = phase.id == "denoise" and phase.own
        timestep = runtime.timesteps.get(ledger.model, component.timestep) if own else ""
        if network == component.network and timestep in ("", component.timestep):
            return phase
        swapped = replace(component, network=network, timestep=timestep or component.timestep)
        shape = replace(phase.call.shape, timestep=swapped.timestep)
        return replace(phase, call=replace(phase.call, component=swapped, shape=shape))

    weights = {name: replace(each, component=altered(each.component, runtime)) for name, each in ledger.weights.items()}
    return replace(rewrite_calls(ledger, run), weights=weights)


def altered(component: Component, runtime: Runtime) -> Component:
    """A network with the numbers that the framework gives it; its weights are then those that run."""
    if component.id in runtime.left_out:
        return replace(component, params=0, held=None)
    numbers = runtime.configs.get(component.network)
    if numbers is None:
        return component
    return replace(component, config={**component.config, **numbers}, params=None, held=None)


def sections(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls of all sections of a video that the framework makes one after the other, and their decodes.

    A section of w latent frames is sampled and decoded before the next. The first decode has what there is, each later
    one a section more, so that pixels can be blended over the border, and the last one the picture that the video
    starts from. Source: lllyasviel/FramePack@97fe5db demo_gradio.py worker.
    """
    width = plan.runtime.section.get(ledger.model)
    if width is None:
        return ledger
    # latent frames / those that a section adds, to the nearest whole number
    count = maximum(nearest(ledger.latent[1] / width), 1)
    phases: list[Phase] = []
    for phase in ledger.phases:
        if phase.id == "denoise":
            phases.append(replace(phase, calls=count * ledger.steps, turns=count * ledger.steps))
        elif phase.id == "vae_decode":
            phases += _decodes(phase, width, count)
        else:
            phases.append(phase)
    return replace(ledger, phases=tuple(phases), windows=count)


def _decodes(phase: Phase, width: int, count: Number) -> list[Phase]:
    """The last decode, those between, and the first; what never happens is left out."""
    several = minimum(count - 1, 1)
    made = (
        (2 * width + 1, several),
        (2 * width, maximum(count - 2, 0)),
        (width + 1 - several, 1),
    )
    decodes = (
        replace(
            phase,
            call=replace(phase.call, shape=replace(phase.call.shape, frames=frames)),
            calls=phase.calls * times,
            turns=phase.turns * times,
        )
        for frames, times in made
    )
    return [each for each in decodes if is_array(each.calls) or each.calls]


def rolled(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Decodes that the framework makes a few latent frames at a time: the work of the whole, the tensors of a piece."""
    return rewrite(ledger, DECODER, lambda phase: roll(phase, ledger, plan))


def roll(phase: Phase, ledger: Ledger, plan: Plan) -> Phase:
    """A decode, whole or in tiles, of whose frames a few are there at once; as it is where the framework has all."""
    call, many = phase.call, plan.runtime.rolling.get(phase.component.network)
    if many is None or phase.id not in DECODER:
        return phase
    few = replace(call.shape, frames=minimum(call.shape.frames, many))
    piece = put(replace(phase, call=replace(call, shape=few)), ledger, plan)
    # decoded pieces wait in a list and are joined: [colours, frames, height, width] x bytes of a value, twice
    videos = 2 * ledger.pixels * ledger.batch * ELEMENT_BYTES[call.dtype]
    return replace(phase, live={**piece.live, "videos": videos}, workspace=piece.workspace)


def unwritten(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The decode of a VAE whose network is not written here, where the framework's profile knows its work or bytes."""
    runtime = plan.runtime
    vae = next((each.component for each in ledger.weights.values() if isinstance(each.component, Vae)), None)
    if vae is None or vae.network or vae.class_ not in {**runtime.decode_bytes, **runtime.decode_flops}:
        return ledger
    chosen = precision(plan.vae_precision, "vae-precision")
    # the ledger counts a pixel's three colours
    pixels = ledger.pixels / COLOURS * ledger.batch
    element = ELEMENT_BYTES[chosen.compute]
    # [pixels, WIDTH x TAPS] x [WIDTH x TAPS, WIDTH], as often as makes up the work
    op = Convolution("decode", 1, chosen.compute, 1, WIDTH, WIDTH, pixels, pixels, TAPS, 1, element)
    # FLOP per pixel x pixels / FLOP of one such convolution
    op = replace(op, count=pixels * runtime.decode_flops.get(vae.class_, 0) / op.flops)
    live = _live(ledger, vae, runtime.decode_bytes[vae.class_]) if vae.class_ in runtime.decode_bytes else None
    decode = Phase(
        id="vae_decode",
        call=Call(component=vae, function="decode", shape=Shape(batch=ledger.batch), dtype=chosen.compute),
        ops=(op,),
        live={} if live is None else {"network": live},
        run=execution(plan, plan.vae_precision, "vae_decode"),
    )
    return replace(ledger, phases=(*ledger.phases, decode))


def _live(ledger: Ledger, vae: Vae, each: float) -> Number:
    """Live bytes of a decode that takes so many per pixel of a clip [byte]."""
    _, frames, height, width = ledger.latent
    # decoded clip by clip: live are the frames of one
    clip = minimum(frames * vae.temporal_compression, vae.clip_frames or frames * vae.temporal_compression)
    # [clip frames, height, width] in pixels x bytes of each
    return nearest(clip * height * width * vae.spatial_compression**2 * each)


def further(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The process, the framework's further models, and what formats leave on the device after a network's first run."""
    runtime, left = plan.runtime, {}
    models, seconds, company = (
        given("further_models", value, plan.shard_degree, "; ".join(runtime.sources), unit, "assumed")
        if value
        else value
        for value, unit in ((runtime.beside, "byte"), (runtime.seconds, "s"), (runtime.company, "byte"))
    )
    phases: list[Phase] = []
    for phase in ledger.phases:
        own = ledger.weights[phase.component.id]
        left[own.component.id] = _left(own)
        # what a format leaves behind stays through all phases after it
        beside = models + sum(left.values())
        phases.append(replace(phase, resident={**phase.resident, "beside": beside}))
    process = process_bytes(maximum(ranks(plan), plan.shard_degree), hardware.accelerator)
    return replace(
        ledger,
        phases=tuple(phases),
        loaded={**ledger.loaded, "beside": models},
        further=Further(
            process=process,
            models=models,
            seconds=seconds,
            frames_on=runtime.frames_on,
            company=company,
            scale=runtime.kept_scale,
            frames_dtype=runtime.frames_dtype,
            allocator=allocator(runtime.allocator, hardware.accelerator),
            segments=plan.segments,
        ),
    )


def _left(own: Network) -> Number:
    """Bytes that a network's run leaves on the device in its format [byte]."""
    kept = precision(own.precision).kept
    return nearest(own.params * kept) if kept else 0


def encoders_cut(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Text encoders of which each of some ranks holds and runs a slice, vocabulary included or not; 1 changes nothing.

    Source: vllm-omni 0.30.0 diffusion/models/minimax_h3/encoder.py (text_encoder_tp_size); cache-dit 1.5.3
    distributed/text_encoders/gemma.py and its neighbours (layers alone).
    """
    degree = plan.text_degree
    if unchanged(degree, 1):
        return ledger
    among = replace(plan, tensor_degree=degree)

    def slices(phase: Phase) -> Phase:
        if ledger.weights[phase.component.id].role != "text_encoder":
            return phase
        return replace(phase, ops=(*sliced(phase.ops, among), *sums(phase.ops, among)))

    def slice_of(whole: Weights) -> Weights:
        if plan.runtime.vocabulary == "whole":
            return cut_weights(whole, degree)
        return replace(whole, **{size: ceil_div(getattr(whole, size), degree) for size in SIZES})

    networks = {
        name: replace(each, stored=slice_of(each.stored)) if each.role == "text_encoder" else each
        for name, each in ledger.weights.items()
    }
    return replace(rewrite(ledger, ("text_encode",), slices), weights=networks)
