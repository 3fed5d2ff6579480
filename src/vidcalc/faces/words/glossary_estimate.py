"""One sentence per quantity of an estimate: what `vidcalc explain` lists and docs/glossary.md.

The keys are the paths of numbers in the JSON, `*` for the entries of a list or a dictionary; their units stand in
`vidcalc.derivation.units`.
"""

from vidcalc.faces.words import N_

ESTIMATE: dict[str, str] = {
    "model.params": N_("Weights of one denoiser; a model of several experts has as many again of each."),
    "model.params_total": N_("Weights of all experts of the denoiser together."),
    "model.params_active": N_("Weights of the denoiser that one token passes: without the experts it does not go to."),
    "model.components.*.params": N_("Weights of one network of the pipeline, all its copies together."),
    "model.components.*.bytes": N_("Bytes of that network's weights in the number format of the plan."),
    "model.architecture.*": N_("A main size of the denoiser, as its published configuration names it."),
    "workload.*": N_("An input: what is generated, as asked for or by default."),
    "plan.*": N_("An input: how the job is run, as asked for or by default."),
    "hardware.count": N_("GPUs of all nodes."),
    "hardware.capacity": N_("GPU memory as the driver reports it."),
    "hardware.nodes": N_("Nodes that the GPUs stand in."),
    "latent.channels": N_("Channels of the latent that the VAE makes."),
    "latent.frames": N_("Frames of the latent: the video's over the VAE's temporal compression."),
    "latent.height": N_("Rows of the latent: the picture's height over the VAE's spatial compression."),
    "latent.width": N_("Columns of the latent: the picture's width over the VAE's spatial compression."),
    "sequence.video_tokens": N_(
        "Tokens of the video: places of the latent over the patch; for a U-Net the places of its finest level."
    ),
    "sequence.text_tokens": N_("Tokens of the prompt, as long as the pipeline pads it."),
    "sequence.total": N_("Length that self-attention sees: with the text where the network joins it."),
    "compute.flops_per_forward": N_(
        "Matrix products, convolutions and attention of one denoiser forward at the given batch."
    ),
    "compute.forwards_per_step": N_(
        "Denoiser forwards of one step: one, two with classifier-free guidance, more in pipelines of further guidance "
        "scales. Those that share a call are counted one by one."
    ),
    "compute.flops_per_step": N_("All forwards of one denoising step."),
    "compute.chunks": N_("Stretches that a long video is made in, each with all denoising steps."),
    "compute.window_frames": N_("Frames that the denoiser makes at a time: all, or those of one stretch."),
    "compute.overlap_frames": N_("Frames that a stretch has in common with the one before."),
    "compute.denoiser_calls": N_(
        "Calls of the denoiser in one generation: stretches × steps × predictions, and those that only fill a cache."
    ),
    "compute.flops_denoise": N_("All denoising steps of one generation."),
    "compute.flops_vae_decode": N_("The VAE decoding the latent to frames."),
    "compute.flops_vae_encode": N_("The VAE encoding the whole video once, as training does."),
    "compute.flops_text_encode": N_("The text encoders on the prompt and, with guidance, the negative one."),
    "compute.flops_per_video": N_("All stages of one generation."),
    "compute.flops_executed": N_(
        "What is left of all stages without what a step cache, sparse attention or token merging leave out."
    ),
    "compute.attention_share": N_(
        "Share of a forward's FLOPs in attention's score and value products; it grows with the tokens."
    ),
    "compute.parts.*.*": N_("FLOPs of one stage in one kind of work: matrix products, attention or convolutions."),
    "compute.documented.sequence": N_("Sequence length as the documented formula has it, fractions kept."),
    "compute.documented.flops_per_step": N_(
        "The documented formula 2·params·seq + 4·seq²·hidden_dim, which counts attention in one layer."
    ),
    "compute.documented.flops_per_video": N_("The documented formula over all denoising steps."),
    "compute.documented.hidden_dim": N_("Hidden width of the denoiser that the documented formula takes."),
    "compute.documented.layers": N_("Layers of the denoiser, in each of which attention really runs."),
    "compute.documented.ratio": N_("FLOPs of one forward over those of the documented formula."),
    "memory.inference.stages.*.weights": N_("Weights on the GPU during one stage of a generation."),
    "memory.inference.stages.*.activations": N_("Most bytes of activations alive at once during one stage."),
    "memory.inference.stages.*.other": N_(
        "What the process and kernels' workspaces take beside tensors during one stage."
    ),
    "memory.inference.stages.*.total": N_(
        "GPU memory of one stage: weights, activations, workspaces and the CUDA context."
    ),
    "memory.inference.stages.*.workspace": N_("Workspaces of convolution kernels at the peak of one stage."),
    "memory.inference.stages.*.missing": N_("Memory that the GPU lacks for one stage; 0 where it fits."),
    "memory.inference.stages.*.resident.*": N_("Weights of one network on the GPU during one stage."),
    "memory.inference.kv_cache": N_(
        "Keys and values that a causal denoiser keeps from chunk to chunk, part of the activations."
    ),
    "memory.inference.peak": N_(
        "The largest stage of a generation: weights, live activations, workspaces and the CUDA context together."
    ),
    "memory.inference.allocated": N_(
        "The peak as torch.cuda.max_memory_allocated counts it: tensors and workspaces without the CUDA context."
    ),
    "memory.inference.reserved": N_(
        "The peak as torch.cuda.max_memory_reserved counts it: allocated and the allocator's cache."
    ),
    "memory.inference.device": N_("The peak as nvidia-smi shows it for the process: reserved and the CUDA context."),
    "memory.inference.low": N_(
        "Lower bound of what nvidia-smi may show at the peak: a GPU with less memory does not hold the job."
    ),
    "memory.inference.high": N_(
        "Upper bound of what nvidia-smi may show at the peak: a GPU with that much memory holds the job."
    ),
    "memory.inference.host.resident": N_("Offloaded weights of one process that wait in host memory."),
    "memory.inference.streamed": N_(
        "What of the denoiser comes from host memory at each call because the GPU has no room for it."
    ),
    "memory.inference.host.pinned": N_("Those of the offloaded weights that are pinned because they stream."),
    "memory.inference.host.loading_peak": N_(
        "The largest network on its way through host memory while one process loads."
    ),
    "memory.inference.host_ram": N_(
        "Host memory of a machine for weights: what each of its processes loads, or what offloading keeps there."
    ),
    "memory.inference.denoiser_activation_peak": N_(
        "Most bytes of activations alive at once in one denoiser call; batched guidance doubles its batch."
    ),
    "memory.inference.vae_decode_activation_peak": N_("Most bytes of activations alive at once while the VAE decodes."),
    "memory.inference.capacity": N_("GPU memory that the peak is compared with."),
    "memory.inference.margin": N_("GPU memory left beside the peak; negative where it does not fit."),
    "memory.inference.host_room.needed": N_(
        "Host memory of a machine that the job needs, with the system and the program itself."
    ),
    "memory.inference.host_room.capacity": N_("Host memory of the machine, as it was stated."),
    "memory.inference.host_room.margin": N_("Host memory left beside that; negative where it does not fit."),
    "memory.inference.relief.*.changes.*": N_("A setting that would be changed so that the job fits."),
    "memory.inference.relief.*.peak": N_("Peak of the generation with those changes."),
    "memory.inference.relief.*.margin": N_("GPU memory left with those changes."),
    "memory.inference.relief.*.host_ram": N_("Host memory for weights with those changes."),
    "memory.inference.relief.*.seconds": N_("Time of one generation with those changes."),
    "memory.inference.relief.*.slower": N_("Time of a generation beyond that of the job as asked."),
    "memory.training.weights": N_("Weights that the forward of training reads, in the recipe's format."),
    "memory.training.vae": N_("Weights of the VAE that encodes the training videos."),
    "memory.training.encoders": N_("Weights of the text encoders that run in the training loop."),
    "memory.training.optimizer": N_("Optimizer states and, where the recipe has them, master weights."),
    "memory.training.gradients": N_("Gradients of all weights, held at once."),
    "memory.training.activations": N_(
        "The most that is alive between forward and backward beside weights, optimizer and gradients."
    ),
    "memory.training.other": N_(
        "What the process, buffers and the other stages of a step take beside the documented rows."
    ),
    "memory.training.total": N_("Weights, VAE, optimizer, gradients, activations and the process while training."),
    "memory.training.kept_for_backward": N_(
        "Activations that the forward keeps for the backward; checkpointing shrinks them."
    ),
    "memory.training.forward_backward_peak": N_(
        "The most that activations and gradients take together over forward and backward."
    ),
    "memory.training.peak": N_("The most GPU memory held at once while training."),
    "memory.training.margin": N_("GPU memory that training leaves; negative where it does not fit."),
    "time.inference.load": N_("Time of the weights from host memory to the GPU, once before the first generation."),
    "time.inference.text_encode": N_("Time of the text encoders."),
    "time.inference.image_encode": N_("Time of the image encoders."),
    "time.inference.vae_encode": N_("Time of the VAE encoding what the video starts from."),
    "time.inference.denoise": N_("Time of all denoising steps, weights on their way from host memory included."),
    "time.inference.vae_decode": N_("Time of the VAE decoding the video."),
    "time.inference.audio_decode": N_("Time of the networks that turn the audio latent into sound."),
    "time.inference.beside": N_("Time of further models of the framework's pipeline."),
    "time.inference.total": N_("Time of one generation, all stages one after the other."),
    "time.inference.per_step": N_("Time of one denoising step."),
    "time.inference.first_step": N_("Time of the first denoising step, before anything is cached."),
    "time.inference.low": N_("Lower bound of the time of one generation."),
    "time.inference.high": N_("Upper bound of the time of one generation."),
    "time.inference.gpu_hours": N_("GPU-hours of one generation on all its GPUs."),
    "time.inference.parts.*.*": N_(
        "Time of one stage in one kind of work, or waiting for copies, kernel launches or other GPUs."
    ),
    "time.training.per_step": N_("Time of one optimizer step: forward, backward, recomputation, VAE and optimizer."),
    "time.training.total": N_("Time of the whole training run."),
    "time.training.gpu_hours": N_("Hours of the training run times the number of GPUs."),
    "time.training.low": N_("Lower bound of the time of one optimizer step."),
    "time.training.high": N_("Upper bound of the time of one optimizer step."),
    "time.training.steps": N_("An input: optimizer steps of the run."),
    "time.training.parts.*": N_("Time of one part of an optimizer step; the parts add up to it."),
    "cost.per_hour_low": N_("Lower end of the dated price of one GPU for an hour."),
    "cost.per_hour_high": N_("Upper end of the dated price of one GPU for an hour."),
    "cost.inference.*": N_(
        "GPU time of one generation at the low end, the middle or the high end of the dated price range."
    ),
    "cost.training.*": N_(
        "GPU time of the training run at the low end, the middle or the high end of the dated price range."
    ),
    "cost.per_video.*": N_(
        "GPU time of one video of the batch at the low end, the middle or the high end of the price range."
    ),
    "cost.ranges.*.per_hour_low": N_("Lower end of an hour's price at one class of provider."),
    "cost.ranges.*.per_hour_high": N_("Upper end of an hour's price at one class of provider."),
    "cost.ranges.*.per_video_low": N_("One video at the lower price of one class of provider."),
    "cost.ranges.*.per_video_high": N_("One video at the upper price of one class of provider."),
    "energy.inference": N_("Energy of one generation at nominal power, the facility's overhead included."),
    "energy.training": N_("Energy of the training run at nominal power, the facility's overhead included."),
    "energy.pue": N_("Energy of the facility over that of its computers (PUE)."),
    "energy.power.*": N_("Power that one GPU draws: idle, or at a low, likely or high load."),
    "energy.per_video.*": N_(
        "Energy of one video at a low, likely or high power draw, the facility's overhead included."
    ),
    "energy.idle_per_video": N_("Energy that a fleet draws between jobs, for each video."),
    "energy.training_likely": N_("Energy of the training run at the power a GPU draws at work."),
    "energy.carbon_per_video": N_("Carbon dioxide of one video's energy in the country of the GPUs."),
    "energy.carbon_training": N_("Carbon dioxide of the training run's energy in the country of the GPUs."),
    "energy.electricity_per_video": N_("Price of one video's electricity where the GPUs stand."),
    "energy.electricity_training": N_("Price of the training run's electricity where the GPUs stand."),
    "throughput.per_gpu_hour.*": N_("Videos an hour of a GPU that always has a job, at the high, likely or low time."),
    "throughput.utilisation": N_("Share of the time in which a GPU of the fleet has a job."),
    "throughput.target_rate": N_("An input: videos an hour that the fleet must make."),
    "throughput.gpus_needed": N_("GPUs that a fleet takes to make the wanted number of videos."),
    "throughput.cost_per_hour.*": N_("Price of that fleet for an hour, at the low end, the middle or the high end."),
    "assumptions.*.value": N_("What was taken as given; its source stands beside it in the report."),
    "warnings.*.values.*": N_("A number in a warning."),
}
