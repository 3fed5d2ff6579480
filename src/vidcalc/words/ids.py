"""The words of the ids that a report holds: stages, kinds of work, verdicts, assumptions, warnings.

An id without words is shown as it is, so a new one is never lost. Placeholders are the id's values: `{value}` of an
assumption, the names in a warning's `values`.
"""

from vidcalc.words import N_, _

STAGES = {
    "text_encode": N_("Text encoding"),
    "image_encode": N_("Image encoding"),
    "vae_encode": N_("VAE encoding"),
    "denoise": N_("Denoising"),
    "vae_decode": N_("VAE decoding"),
    "forward": N_("Forward"),
    "backward": N_("Backward"),
    "recompute": N_("Recomputation"),
    "optimizer": N_("Optimizer"),
}

KINDS = {
    "matmul": N_("linear layers"),
    "attention": N_("attention"),
    "convolution": N_("convolutions"),
    "pointwise": N_("memory-bound work"),
    "transfer": N_("weights from host memory"),
}

VERDICTS = {"fits": N_("fits"), "tight": N_("tight"), "too_big": N_("does not fit")}

PROVENANCE = {
    "exact": N_("exact"),
    "measured": N_("measured"),
    "interpolated": N_("interpolated"),
    "assumed": N_("assumed"),
    "estimate": N_("estimate"),
}

GUIDANCE = {
    "batched": N_("guidance {scale}: two predictions per step in one batch"),
    "sequential": N_("guidance {scale}: two predictions per step, one after the other"),
    "distilled": N_("guidance {scale}: distilled into the model"),
    "none": N_("no guidance"),
}

PROVIDERS = {
    "neocloud": N_("GPU cloud"),
    "hyperscaler": N_("hyperscaler"),
    "marketplace": N_("marketplace"),
    "serverless": N_("serverless"),
}

ASSUMPTIONS = {
    "flops_convention": N_(
        "A multiply-add is {value} FLOPs; matrix products, convolutions and attention are counted, elementwise work "
        "is not."
    ),
    "attention_kernel": N_("Attention runs in the {value} kernel."),
    "rates": N_("Times use the rates that each kind of work reaches on {value}, not one utilisation for all."),
    "process_overhead": N_("The process itself takes {value} of GPU memory before the first tensor."),
    "offload": N_("Every component stays on the GPU the whole time (offload: {value})."),
    "training_recipe": N_("Training recipe: {value}."),
    "optimizer_states": N_("Optimizer: {value}."),
    "gradients_resident": N_("All gradients are held at once, as with gradient accumulation."),
    "latents_encoded_in_loop": N_("Each training step encodes its video with the VAE."),
    "train_steps": N_("The training run has {value} steps."),
    "generic_architecture": N_(
        "Width, depth and heads follow from the parameter count by a rule fitted to published models ({value} weights)."
    ),
    "no_text_encoder": N_("No text encoder is counted; the denoiser reads {value} text tokens."),
}

WARNINGS = {
    "illegal_width": N_("Width {value} is not one the model takes and is padded; nearest: {lower} or {upper}."),
    "illegal_height": N_("Height {value} is not one the model takes and is padded; nearest: {lower} or {upper}."),
    "illegal_frames": N_("{value} frames is not a length the model takes; nearest: {lower} or {upper}."),
    "estimate_only": N_("{model} is unpublished: its size is an estimate, and so is every number here."),
    "inference_too_big": N_("Generating needs {missing} more GPU memory than there is."),
    "training_too_big": N_("Training needs {missing} more GPU memory than there is."),
    "checkpointing_helps": N_("With --checkpointing full, training takes {total}."),
    "communication_not_counted": N_(
        "The {gpus} GPUs are taken as independent: communication between them is not counted."
    ),
    "precision_emulated": N_("This GPU has no {precision} arithmetic; it is emulated and slow."),
    "components_not_computed": N_("Counted by weights only, their work is not: {components}."),
}


def told(table: dict[str, str], name: str, **values: object) -> str:
    """The words of an id, or the id itself where it has none."""
    return _(table[name], **values) if name in table else name
