"""Bytes on one rank through a training step: encoders in the loop, forward and backward, the update, validation.

Gradients appear during backward and go after the update, unless micro-batches are summed up; then they stay. The peak
is the largest of the stages; the documented rows beside it add up everything that is ever held.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from vidcalc.base.guest import Guest, named
from vidcalc.base.number import Number, as_count, ceil_div, floor, largest, maximum, minimum
from vidcalc.cost.memory import Load, Stage, element_width, peak
from vidcalc.ledger.step import States, Step
from vidcalc.ledger.types import Host

MOMENTS = 2  # states of an optimizer that are as large as the weights
HELD = ("weights", "vae", "encoders", "optimizer", "gradients")
ROWS = (*HELD, "activations", "other")


def stages(step: Step) -> list[Stage]:
    """The stages of one optimizer step, in order; those that do not happen are absent."""
    states, aside = step.states, step.aside
    summed = minimum(step.micro_batches - 1, 1)  # gradients of earlier micro-batches are there already
    waiting = states.gradients * summed
    other = step.further.process + states.buckets + aside.company
    moment = other + states.gathered + states.cast
    by_id = {
        # nothing is trained yet, nor loaded
        "precompute": _stage(_bare(step, 0), "precompute", 0, aside.beforehand, step.further.process),
        "load": _stage(_bare(step, states.loaded), "load", 0, 0, step.further.process),
        "encode": _stage(step, "encode", waiting, maximum(aside.vae_work, aside.text_work), other),
        "rollout": _stage(step, "rollout", waiting, maximum(_alone(step), aside.decode_work), moment),
        # others look at a sample whose graph is kept
        "company": _stage(step, "company", waiting, _kept(step) + _alone(step), moment),
        # no more gradients than there are weights
        "forward_backward": _stage(
            step, "forward_backward", minimum(states.gradients, _made(step) + waiting), activations(step), moment
        ),
        "optimizer_step": _stage(step, "optimizer_step", states.gradients, 0, other + states.transient),
        # buffers stay, and sharded weights are gathered to run
        "validation": _stage(
            step, "validation", 0, aside.validation, other + states.gathered, maximum(aside.vae, aside.validated)
        ),
    }
    loaded = loads(step)
    passing = maximum(activations(step) - _kept(step), 0)
    return [
        # what passes while forward and backward run, as the allocator sees a forward pass
        replace(stage, trace=step.forward.trace, call=passing * (name == "forward_backward"), loads=loaded)
        for name, stage in by_id.items()
        if name in step.happens
    ]


def loads(step: Step) -> dict[str, Load]:
    """The states as the allocator holds them: weights, and of all weights that are trained gradients and two states."""
    trace, states = step.forward.trace, step.states
    if trace is None or not isinstance(states.weights, int | float):
        return {}
    parts = {"weights": states.weights, "gradients": states.gradients, "optimizer": states.optimizer / MOMENTS}
    # beside adapters these are small tensors, which lose nothing
    names = parts if step.trained.trained >= trace.parameter_count else ("weights",)
    widths = {name: element_width(parts[name], trace.parameter_count) for name in names}
    return {name: Load(trace=trace, width=width) for name, width in widths.items() if width}


def _bare(step: Step, weights: Number) -> Step:
    """The step before anything but `weights` of its network is on the device."""
    return replace(step, states=States(weights=weights), aside=replace(step.aside, vae=0, encoders=0))


def _stage(
    step: Step, name: str, gradients: Number, activations: Number, other: Number, vae: Number | None = None
) -> Stage:
    """A stage with what is resident throughout."""
    states = step.states
    there = {
        "weights": states.weights + states.ema + states.auxiliary,
        "vae": step.aside.vae if vae is None else vae,
        "encoders": step.aside.encoders,
        "optimizer": states.optimizer,
        "gradients": gradients,
    }
    if isinstance(step.live.kept, Guest):
        there = {row: named(row, nbytes, "byte") for row, nbytes in there.items()}
        activations, other = named("activations", activations, "byte"), named("other", other, "byte")
    weights = sum(there.values())
    return Stage(
        id=name,
        resident=there,
        weights=weights,
        activations=activations,
        other=other,
        workspace=0,
        total=named(name, weights + activations + other, "byte"),
    )


def rows(stage: Stage) -> dict[str, Number]:
    """The documented rows of a stage and what the process needs beside them [byte]."""
    return {**stage.resident, "activations": stage.activations, "other": stage.other}


def activations(step: Step) -> Number:
    """The most live activations of one rank.

    A pipeline's first stage keeps its part of the layers' activations for as many micro-batches as are on their way;
    what a block needs while it runs is not shared by the pipeline.
    """
    live = step.live
    # beyond what is kept: the block that runs
    passing = maximum(live.activations - live.kept, 0)
    return as_count(ceil_div(_of_stage(live.kept, step) + passing, step.tokens))


def in_host(step: Step) -> Number:
    """Bytes of host memory that one rank needs: states, and kept activations, shared as those on the device are."""
    return step.states.host + as_count(ceil_div(_of_stage(step.live.host, step), step.tokens))


def waiting(steps: Iterable[Step]) -> Host:
    """Host memory of one rank: what waits in it in any of those steps, and what passes through it while loading."""
    every = list(steps)
    resident = largest(in_host(step) + step.states.staged for step in every)
    return Host(resident=resident, loading_peak=largest(step.states.read for step in every))


def _of_stage(kept: Number, step: Step) -> Number:
    """What a pipeline's first stage keeps of the `kept` bytes of all layers and one micro-batch."""
    # bytes of all layers x micro-batches on their way / stages
    return named("kept_of_stage", ceil_div(kept * step.in_flight, step.stages), "byte")


def _kept(step: Step) -> Number:
    """One rank's part of what is kept for backward [byte]."""
    return as_count(ceil_div(_of_stage(step.live.kept, step), step.tokens))


def _made(step: Step) -> Number:
    """Bytes of gradients alive at the peak of forward and backward, as this rank holds them."""
    # weight gradients that stand on top of the activations at the peak
    beyond = named("beyond", maximum(step.live.peak - step.live.activations, 0), "byte")
    # this rank's gradients in its own dtype over the tape's of all weights
    share = named("share", step.states.gradients / maximum(step.live.gradients, 1))
    return named("made", floor(beyond * share), "byte")


def _alone(step: Step) -> Number:
    """Live bytes of one forward pass without gradients."""
    return as_count(ceil_div(step.aside.forward_work, step.tokens))


def documented(step: Step, step_stages: list[Stage]) -> dict[str, Number]:
    """The five documented rows and what the process needs beside them, all that is ever held at once [byte].

    They are those of forward and backward, with all gradients. Where another of the stages needs more than they add up
    to (the update's temporaries, a validation sample), `other` holds what is missing.
    """
    passing = next(stage for stage in step_stages if stage.id == "forward_backward")
    table = rows(passing) | {"gradients": step.states.gradients}
    whole, top = named("rows", sum(table.values()), "byte"), named("peak", peak(step_stages), "byte")
    # never below 0: where forward and backward are the peak, nothing is missing
    table["other"] = table["other"] + maximum(top - whole, 0)
    return table
