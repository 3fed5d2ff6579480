"""The words of the ids in a validation: why a row is not predicted, and what its memory counter counted."""

from typing import TYPE_CHECKING

from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from vidcalc.validate.compared import Bound

REASONS = {
    "no_model": N_("no model is named"),
    "unknown_model": N_("the catalogue does not have the model"),
    "no_size": N_("width or height is not stated"),
    "no_frames": N_("the number of frames is not stated"),
    "no_parallel_plan": N_("how the GPUs share the work is not stated"),
    "unknown_precision": N_("the number format is not stated exactly"),
    "encoder_beyond_card": N_("the text encoder is larger than the card, and how it was split is not stated"),
    "unknown_offload": N_("what is offloaded is not stated exactly"),
    "unknown_setting": N_("a setting that vidcalc does not know"),
    "impossible_setting": N_("settings that do not go together"),
    "not_measured": N_("no time was measured"),
    "no_gpu": N_("the GPU is not stated"),
    "unknown_gpu": N_("the catalogue does not have the GPU"),
    "no_steps": N_("the number of steps is not stated"),
    "no_time_scope": N_("what the time covers is not stated"),
    "step_cache": N_("steps are skipped by a cache, how many is not stated"),
    "sparse_attention": N_("attention is sparse, how much is not stated"),
    "other_engine": N_("another engine runs the network"),
    "no_mode": N_("what is trained is not stated"),
    "no_batch": N_("the batch of a micro-step is not stated"),
    "unknown_latents": N_("whether latents were made beforehand is said by no known word"),
    "no_checkpointing": N_("which activations are computed again is not stated exactly"),
    "unknown_optimizer": N_("an optimizer that vidcalc does not know"),
    "quantised_training": N_("how fast layers over quantised weights train is not known"),
    "compiled_training": N_("how much compiling the network saves is not known"),
    "offloaded_activations": N_("how far copies of activations hide behind the work is not known"),
}

BOUNDS = {
    "oom": N_("Ran out of memory, must need more than the card has"),
    "fits": N_("Chosen to fit, must need no more than the card has"),
    "at_most": N_("An upper bound of the peak"),
}

VIEWS = {
    "seen": N_("in view when patterns and constants were made"),
    "cell": N_("seen sources, settings held aside"),
    "source": N_("sources held aside, or added later"),
}

SCOPES = {
    "total": N_("end to end"),
    "denoise": N_("denoising loop"),
    "per_step": N_("one denoising step"),
    "vae_decode": N_("VAE decode"),
    "gpu_seconds": N_("GPU seconds of a generation"),
    "step": N_("one training step"),
}

COUNTERS = {
    "allocated": N_("allocated"),
    "reserved": N_("reserved"),
    "device": N_("device total"),
    "resident": N_("resident weights"),
    "unknown": N_("not stated"),
    "card": N_("card size, not measured"),
}

CALLS = {
    "denoiser": N_("denoiser"),
    "vae": N_("VAE"),
    "encoder": N_("text encoder"),
    "offload": N_("denoiser with offload"),
    "train": N_("training step"),
    "pipeline": N_("pipeline"),
}

QUANTITIES = {
    "allocated": N_("allocated"),
    "reserved": N_("reserved"),
    "seconds": N_("time"),
    "per_step": N_("time per step"),
    "after_last_step": N_("time after the last step"),
}


def reason(name: str) -> str:
    """Why a row is not predicted; an id without words as it is."""
    return _(REASONS.get(name, name))


def bound(kind: str) -> str:
    """What a bound says; an id without words as it is."""
    return _(BOUNDS.get(kind, kind))


def side(limit: "Bound | None") -> str:
    """What a row's bound says, and whether the prediction keeps it; empty without one."""
    if limit is None:
        return ""
    return bound(limit.kind) + ("" if limit.right else ": " + _("missed"))


def counter(name: str) -> str:
    """What a reading counted; an id without words as it is."""
    return _(COUNTERS.get(name, name))


def call(kind: str) -> str:
    """What was called; an id without words as it is."""
    return _(CALLS.get(kind, kind))


def quantity(name: str) -> str:
    """What was measured of a call; an id without words as it is."""
    return _(QUANTITIES.get(name, name))


def view(name: str) -> str:
    """How much of a row's source was in view; an id without words as it is."""
    return _(VIEWS.get(name, name))


def scope(name: str) -> str:
    """What a time covers; an id without words as it is."""
    return _(SCOPES.get(name, name))
