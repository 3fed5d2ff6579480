"""One sentence per quantity of the report, in the language in use: what `vidcalc explain` lists and docs/glossary.md.

The keys are the quantities that can be explained, by their place in the JSON; the unit is that of the JSON.
"""

from vidcalc.faces.words import N_, _

GLOSSARY: dict[str, tuple[str, str]] = {
    "model.params": ("", N_("Weights of one denoiser; a model of several experts has as many again of each.")),
    "latent.channels": ("", N_("Channels of the latent that the VAE makes.")),
    "latent.frames": ("", N_("Frames of the latent: the video's over the VAE's temporal compression.")),
    "latent.height": ("", N_("Rows of the latent: the picture's height over the VAE's spatial compression.")),
    "latent.width": ("", N_("Columns of the latent: the picture's width over the VAE's spatial compression.")),
    "sequence.video_tokens": (
        "",
        N_("Tokens of the video: places of the latent over the patch; for a U-Net the places of its finest level."),
    ),
    "sequence.text_tokens": ("", N_("Tokens of the prompt, as long as the pipeline pads it.")),
    "sequence.total": ("", N_("Length that self-attention sees: with the text where the network joins it.")),
    "compute.flops_per_forward": (
        "FLOP",
        N_("Matrix products, convolutions and attention of one denoiser forward at the given batch."),
    ),
    "compute.forwards_per_step": (
        "",
        N_("Denoiser forwards of one step: two with classifier-free guidance, one without."),
    ),
    "compute.flops_per_step": ("FLOP", N_("All forwards of one denoising step.")),
    "compute.flops_denoise": ("FLOP", N_("All denoising steps of one generation.")),
    "compute.flops_text_encode": ("FLOP", N_("The text encoders on the prompt and, with guidance, the negative one.")),
    "compute.flops_vae_encode": ("FLOP", N_("The VAE encoding the whole video once, as training does.")),
    "compute.flops_vae_decode": ("FLOP", N_("The VAE decoding the latent to frames.")),
    "compute.flops_per_video": ("FLOP", N_("All stages of one generation.")),
    "compute.flops_executed": (
        "FLOP",
        N_("What is left of all stages without what a step cache, sparse attention or token merging leave out."),
    ),
    "compute.attention_share": (
        "",
        N_("Share of a forward's FLOPs in attention's score and value products; it grows with the tokens."),
    ),
    "compute.documented.flops_per_step": (
        "FLOP",
        N_("The documented formula 2·params·seq + 4·seq²·hidden_dim, which counts attention in one layer."),
    ),
    "compute.documented.flops_per_video": ("FLOP", N_("The documented formula over all denoising steps.")),
    "memory.inference.peak": (
        "byte",
        N_("The largest stage of a generation: weights, live activations, workspaces and the CUDA context together."),
    ),
    "memory.inference.margin": ("byte", N_("GPU memory left beside the peak; negative where it does not fit.")),
    "memory.inference.allocated": (
        "byte",
        N_("The peak as torch.cuda.max_memory_allocated counts it: tensors and workspaces without the CUDA context."),
    ),
    "memory.inference.reserved": (
        "byte",
        N_("The peak as torch.cuda.max_memory_reserved counts it: allocated and the allocator's cache."),
    ),
    "memory.inference.device": (
        "byte",
        N_("The peak as nvidia-smi shows it for the process: reserved and the CUDA context."),
    ),
    "memory.inference.low": (
        "byte",
        N_("Lower bound of what nvidia-smi may show at the peak: a GPU with less memory does not hold the job."),
    ),
    "memory.inference.high": (
        "byte",
        N_("Upper bound of what nvidia-smi may show at the peak: a GPU with that much memory holds the job."),
    ),
    "memory.inference.host_ram": (
        "byte",
        N_("Host memory for weights: the largest network while loading, and what offloading keeps there."),
    ),
    "memory.inference.denoiser_activation_peak": (
        "byte",
        N_("Most bytes of activations alive at once in one denoiser call; batched guidance doubles its batch."),
    ),
    "memory.inference.vae_decode_activation_peak": (
        "byte",
        N_("Most bytes of activations alive at once while the VAE decodes."),
    ),
    "memory.training.weights": ("byte", N_("Weights that the forward of training reads, in the recipe's format.")),
    "memory.training.vae": ("byte", N_("Weights of the VAE that encodes the training videos.")),
    "memory.training.optimizer": ("byte", N_("Optimizer states and, where the recipe has them, master weights.")),
    "memory.training.gradients": ("byte", N_("Gradients of all weights, held at once.")),
    "memory.training.activations": (
        "byte",
        N_("The most that is alive between forward and backward beside weights, optimizer and gradients."),
    ),
    "memory.training.kept_for_backward": (
        "byte",
        N_("Activations that the forward keeps for the backward; checkpointing shrinks them."),
    ),
    "memory.training.forward_backward_peak": (
        "byte",
        N_("The most that activations and gradients take together over forward and backward."),
    ),
    "memory.training.encoders": ("byte", N_("Weights of the text encoders that run in the training loop.")),
    "memory.training.peak": ("byte", N_("The most GPU memory held at once while training.")),
    "memory.training.margin": ("byte", N_("GPU memory that training leaves; negative where it does not fit.")),
    "memory.training.total": (
        "byte",
        N_("Weights, VAE, optimizer, gradients, activations and the process while training."),
    ),
    "time.inference.text_encode": ("s", N_("Time of the text encoders.")),
    "time.inference.denoise": ("s", N_("Time of all denoising steps, weights on their way from host memory included.")),
    "time.inference.vae_decode": ("s", N_("Time of the VAE decoding the video.")),
    "time.inference.per_step": ("s", N_("Time of one denoising step.")),
    "time.inference.total": ("s", N_("Time of one generation, all stages one after the other.")),
    "time.training.per_step": (
        "s",
        N_("Time of one optimizer step: forward, backward, recomputation, VAE and optimizer."),
    ),
    "time.training.total": ("s", N_("Time of the whole training run.")),
    "time.training.gpu_hours": ("h", N_("Hours of the training run times the number of GPUs.")),
    "cost.inference.likely": ("USD", N_("GPU time of one generation at the middle of the dated price range.")),
    "cost.training.likely": ("USD", N_("GPU time of the training run at the middle of the dated price range.")),
    "cost.per_video.likely": ("USD", N_("GPU time of one video of the batch.")),
    "throughput.per_gpu_hour.likely": ("1/h", N_("Videos an hour of a GPU that always has a job.")),
    "throughput.gpus_needed": ("", N_("GPUs that a fleet takes to make the wanted number of videos.")),
    "energy.per_video.likely": (
        "J",
        N_("Energy of one video at the power a GPU draws at work, the facility's overhead included."),
    ),
    "energy.carbon_per_video": ("g", N_("Carbon dioxide of one video's energy in the country of the GPUs.")),
    "energy.electricity_per_video": ("USD", N_("Price of one video's electricity where the GPUs stand.")),
    "energy.inference": ("J", N_("Energy of one generation at nominal power, the facility's overhead included.")),
    "energy.training": ("J", N_("Energy of the training run at nominal power, the facility's overhead included.")),
}


def meaning(quantity: str) -> str:
    """The sentence of a quantity in the language in use; empty for one without."""
    return _(GLOSSARY[quantity][1]) if quantity in GLOSSARY else ""
