"""The words under a report: what it took as given, and what its user should know.

Placeholders are the values of the id: `{value}` and `{source}` of an assumption, the names in a warning's `values`.
"""

from vidcalc.faces.words import N_
from vidcalc.faces.words.settings import STATED

ASSUMPTIONS = {
    **STATED,
    "flops_convention": N_(
        "A multiply-add is {value} FLOPs; matrix products, convolutions and attention are counted, elementwise work "
        "is not."
    ),
    "attention_kernel": N_("Attention runs in the {value} kernel."),
    "rates": N_("Times use the rates that each kind of work reaches on {value}, not one utilisation for all."),
    "rates_relative": N_(
        "Times use the rates of {source}, a near relative of {value}, whose own nobody measured; their range is wider."
    ),
    "rates_second": N_(
        "Times use the rates of {source}, a distant relative of {value}, whose own nobody measured; their range is "
        "much wider."
    ),
    "process_overhead": N_("The process itself takes {value} of GPU memory before the first tensor."),
    "framework": N_("The model runs as in {value}."),
    "offload": N_("Weights: {value}."),
    "host_copy_rate": N_("Weights come from host memory at {value}."),
    "disk_rate": N_("Weights are read from disk at {value}."),
    "number_format": N_("Number format {value}: {source}."),
    "loras": N_(
        "LoRAs: {value} (merged: into the weights beforehand; live: A and B run beside each layer; patched: added to a "
        "copy of the weights at every use)."
    ),
    "fused": N_("Elementwise work is fused, as torch.compile does."),
    "graphs": N_("Kernels are started together as CUDA graphs, as far as a network allows it."),
    "convolution_workspace": N_(
        "3D convolutions turn their tensors around in a workspace of up to {value} (counted as other)."
    ),
    "step_cache": N_("Step caching: {value} of the steps run the whole denoiser ({source})."),
    "block_cache": N_("Cached modules (attention) are computed at {value} of their calls ({source})."),
    "attention_density": N_("Sparse attention: {value} of self-attention's score blocks are computed ({source})."),
    "windows": N_(
        "Windows of {value} frames are those that {source} asks for, made as context windows of ComfyUI and "
        "WanVideoWrapper are: each takes all steps. Training takes a clip as the model's makers do."
    ),
    "guided_share": N_("Guidance runs at {value} of the steps ({source})."),
    "link": N_("The GPUs of a node meet over {value}."),
    "network": N_("Nodes meet over {value}, one port per GPU."),
    "trainer": N_("Trained as {value} does ({source})."),
    "trainer_settings": N_("Settled by the trainer, where nothing else was said: {value}."),
    "training_recipe": N_("Training recipe: {value}."),
    "optimizer_states": N_("Optimizer: {value}."),
    "adapters": N_("Adapters: {value}."),
    "optimizer_update": N_("Optimizer update: {value}."),
    "gradient_bytes": N_("Gradients take {value} bytes per trained weight."),
    "gradient_buckets": N_("Gradients are reduced through buckets beside them."),
    "gradients_resident": N_("All gradients are held at once, as with gradient accumulation."),
    "train_steps": N_("The training run has {value} steps."),
    "scaling_law": N_("Best size: {value}; networks are made from their count, FLOPs and times are of those networks."),
    "latents": N_("Latents: {value}."),
    "texts": N_("Text embeddings: {value}."),
    "sharding": N_("Sharding: {value}."),
    "samples": N_("{value} samples are seen in all."),
    "networks_beside": N_("Beside the trained network: {value} ({source})."),
    "class_configuration": N_(
        "The sizes are those that {value} itself has ({source}); the configuration beside the weights was not read."
    ),
    "generic_architecture": N_(
        "Width, depth and heads follow from the parameter count by a rule fitted to published models ({value} weights)."
    ),
    "settings_from_catalogue": N_(
        "What the files leave open (default clip, guidance, accepted sizes) is as in {value} of the catalogue."
    ),
    "components_from_catalogue": N_("Not among the files, taken from the catalogue: {value}."),
    "weights_as_stored": N_("Weights take the bytes their files have ({value})."),
    "recognised_by_repository": N_("The files name where the weights are ({source}): taken for {value}."),
    "identified_by_names": N_("The weights were recognised by their parameters' names and sizes: {value}."),
    "identified_by_count": N_("The weights were recognised by their number alone: {value}."),
    "quantised_as_configured": N_("The files' own quantisation is followed ({value})."),
    "autoencoder": N_("{value} stands in the place of the model's own autoencoder ({source})."),
    "control": N_("What steers the model: {value} ({source})."),
    "references": N_("References beside the prompt: {value} ({source})."),
    "preset": N_("The model's preset {value} is laid over its defaults ({source})."),
    "recipe": N_("As the file asks for ({value})."),
    "traced_class": N_("{value} is of no known family: its published code was run on the meta device instead."),
    "no_text_encoder": N_("No text encoder is counted; the denoiser reads {value} text tokens."),
}

WARNINGS = {
    "law_of_other_data": N_("{law} was fitted on other data than video: take it as a comparison."),
    "law_extrapolated": N_("The budget is {times} times the largest compute that {law} was tried on."),
    "illegal_width": N_("Width {value} is not one the model takes and is padded; nearest: {lower} or {upper}."),
    "illegal_height": N_("Height {value} is not one the model takes and is padded; nearest: {lower} or {upper}."),
    "illegal_frames": N_("{value} frames is not a length the model takes; nearest: {lower} or {upper}."),
    "beyond_native": N_(
        "{frames} frames in one pass are more than the {native} that the model was made for; longer videos are made in "
        "windows: --window {native}:16."
    ),
    "snapped_width": N_("Width {asked} is not one the model takes; calculated with the nearest, {value}."),
    "snapped_height": N_("Height {asked} is not one the model takes; calculated with the nearest, {value}."),
    "snapped_frames": N_("{asked} frames is not a length the model takes; calculated with the nearest, {value}."),
    "own_size": N_("{size} is {width} by {height} here, as the model was made for or accepts it."),
    "weights_differ": N_("The files of {component} hold {file} weights, its configuration makes {network}."),
    "equal_models": N_("Taken for {model}; nothing in the files tells it from {others}."),
    "tensors_beside": N_("{component} holds tensors that its network has no place for ({count} kinds): {names}."),
    "denoiser_not_here": N_(
        "The network that runs at every step is not among the files, and nothing names it: {model} of the catalogue is "
        "calculated in its place."
    ),
    "class_likened": N_(
        "{component} is calculated as {model} of the catalogue is, by a network like it: the figures are an estimate."
    ),
    "unknown_keys": N_("Keys that the class of {component} has not, and that count for nothing: {keys}."),
    "untold_keys": N_("Keys of {component} that change how it runs, which is not calculated: {keys}."),
    "lora_file": N_(
        "{file} holds adapters of rank {rank} beside {layers} layers ({params} weights): merged to generate."
    ),
    "lora_of_another": N_("The layers of {file} are those of {model}, not of {asked}: taken at its rank all the same."),
    "recipe_unread": N_("Not understood in the file, and left out: {names}."),
    "name_says_more": N_("{file} is taken for {model}; what else its name says is not calculated: {words}."),
    "models_beside": N_("Further models of the file are not calculated: {names}."),
    "sizes_beside": N_("Further sizes and lengths of the file are not calculated: {sizes}."),
    "size_not_stated": N_("The file states no size (it is that of a picture or a clip): the model's own is taken."),
    "size_by_picture": N_("A picture's own shape decides the size: taken is what it is fitted into, {size}."),
    "frames_not_stated": N_("The file states no number of frames that can be read: the model's own is taken."),
    "steps_not_stated": N_("The file does not state the steps of {node}."),
    "further_passes": N_("Further passes of the sampler are not calculated (steps: {passes})."),
    "cache_not_priced": N_("{file} skips work that is calculated here: state it with --step-cache."),
    "windows_unstated": N_("{file} works in windows; how long these are is not stated."),
    "loras_beside": N_("LoRAs of the file are taken as merged, without weights of their own: {names}."),
    "autoencoder_unfit": N_("The autoencoder {file} is not for the latents of {model}: its own is calculated."),
    "networks_beside_workflow": N_("Further networks of the file are not calculated: {names}."),
    "upscalers_beside": N_("Upscaling and interpolation are not calculated: {names}."),
    "dataset_not_here": N_("The file of samples {file} is not here: sizes that it states are not known."),
    "epochs_of_unknown": N_("{epochs} epochs of a data set of unknown length: the usual steps are taken (--clips)."),
    "blocks_swapped_training": N_("{blocks} blocks that wait in host memory are calculated as resident."),
    "adapter_as_lora": N_("{file} is calculated as LoRA of the same rank."),
    "commands_beside": N_("Further commands of the script are not calculated ({count})."),
    "components_not_here": N_("Named by the pipeline but not among the files, and not counted: {components}."),
    "estimate_only": N_(
        "{model} is an estimate: not all of its sizes are published, or a relative's network stands in for its own. "
        "So is every number here."
    ),
    "found_here": N_("Found on this machine by {tool}: {card}, {memory} each, driver {driver}; host memory {host}."),
    "found_like": N_("{card} is not in the catalogue: {like}, the nearest in kind, stands in for it."),
    "dataset_read": N_("Clips of the data set that are seen, the first frames of each: {clips}; buckets: {buckets}."),
    "dataset_unreadable": N_("Left out of the data set, as they cannot be read: {clips}."),
    "dataset_no_size": N_("Left out of the data set, as they state no width and height: {clips}."),
    "dataset_no_length": N_("Left out of the data set, as they state neither frames nor seconds and a rate: {clips}."),
    "dataset_short": N_("Left out of the data set, as they are too short for the shortest bucket: {clips}."),
    "dataset_picture": N_("Left out of the data set, as they are pictures, which the model does not take: {clips}."),
    "dataset_enlarged": N_("Smaller than their bucket, and made larger: {clips} of the data set."),
    "memory_in_use": N_("Other programs hold {used} of the GPU's {size}."),
    "cache_idle": N_("{method} hooks nothing of {network} here: it leaves out no work and holds nothing."),
    "cache_by_content": N_(
        "How many steps {method} skips depends on the video: between {low} and {high} of the steps are computed."
    ),
    "cache_reaches_text": N_(
        "The spatial range of {method} also reaches attention to the prompt here, which is cached too."
    ),
    "inference_too_big": N_("Generating needs {missing} more GPU memory than there is."),
    "host_pinned": N_(
        "Host memory needs {needed}, of which most is pinned, and there are {capacity}: no swap file makes room for "
        "pinned memory, so the job fails where the weights are pinned."
    ),
    "host_resident": N_(
        "Weights that wait in host memory need {needed}, and there are {capacity}: the system moves them to its swap "
        "file, and each generation waits for the disk; without one the process is killed."
    ),
    "host_loading": N_(
        "Loading needs {needed} of host memory for a while, and there are {capacity}: with a swap file of the rest it "
        "gets through, at the pace of the disk; without one the process is killed."
    ),
    "host_files": N_(
        "Weights that wait need {needed} of host memory, and there are {capacity}: the program reads the rest from its "
        "files again at every use, at the pace of the disk."
    ),
    "host_shared": N_(
        "The GPU shares the memory of the machine: what runs and what waits need {needed} of {capacity} together; "
        "offloading frees none of it."
    ),
    "host_pins": N_(
        "Windows pins no more than half of the host memory ({capacity}): of the weights that wait there some will not "
        "be pinned, and come more slowly. Linux has no such limit."
    ),
    "fills_the_card": N_(
        "The program fills the GPU with weights up to a reserve, and this job has room on {share} of the GPU too: what "
        "runs out or spills is held by other programs, or grows outside of this job. Close them, or raise the reserve "
        "(ComfyUI: --reserve-vram)."
    ),
    "other_card": N_(
        "The message is of a GPU with {capacity}, the answer of one with {card}: is --gpu the card it ran on?"
    ),
    "other_programs": N_("Other programs hold {taken} of the GPU: closing them gives that back."),
    "more_than_described": N_(
        "The message shows {taken} taken and asked for, the settings explain {predicted}: something runs that they do "
        "not describe (another number format, a model loaded twice, LoRAs, a longer clip, tensors that are kept)."
    ),
    "ran_out_though_it_fits": N_(
        "By these settings it fits. It ran out all the same: other programs on the GPU, models of an earlier run, or "
        "settings other than these."
    ),
    "streams": N_(
        "{streamed} of the denoiser has no room on the GPU and comes from host memory at each call: {seconds} s of the "
        "time is waiting for it."
    ),
    "groups_of_one": N_(
        "With a stream diffusers moves one block at a time and warns so: --blocks-per-group {blocks} counts as 1. "
        "Groups of several are --offload group-wait."
    ),
    "not_of_framework": N_(
        "{framework} has no such way ({ways}): calculated as of a program that does; name it with --framework."
    ),
    "law_of_all_weights": N_("{law} is about training all weights from scratch; adapters train only a few."),
    "pipeline_starved": N_(
        "The pipeline has {stages} stages and only {micro_batches} micro-batches a step, so it is idle for long: raise "
        "--grad-accum."
    ),
    "tensor_across_nodes": N_(
        "Tensor parallelism over {ranks} GPUs leaves the node of {node}: every layer waits for the network between "
        "nodes."
    ),
    "training_too_big": N_("Training needs {missing} more GPU memory than there is."),
    "checkpointing_helps": N_("With --checkpointing full, training takes {total}."),
    "communication_not_counted": N_(
        "Nothing says how the {gpus} GPUs share a video (--parallel): one makes it, all are paid for."
    ),
    "no_vae_tiling": N_("The VAE {vae} cannot work in tiles: it is counted whole."),
    "peak_with_sparsity": N_(
        "The {precision} peak of {peak} looks like a figure with sparsity: {dense} is dense, going by {gpu}."
    ),
    "calibrated_elsewhere": N_("The calibration is of {measured}, applied to {gpu}."),
    "precision_emulated": N_("This GPU has no {precision} arithmetic; it is emulated and slow."),
    "unified_memory": N_(
        "The GPU shares its memory with the operating system and everything else that runs: leave some free. "
        "macOS lets the GPU use about 75 % of it by default."
    ),
    "windows_spill": N_(
        "Under Windows the driver moves what does not fit into shared memory: generating then becomes many times "
        "slower instead of failing."
    ),
    "windows_shared": N_(
        "That shared memory is at most {shared}, half of the host memory ({capacity}), and weights that wait there "
        "take their part of it: beyond it generating fails."
    ),
    "several_scales": N_(
        "One prediction a step: true only with every one of the pipeline's guidance scales off ({scales}); switching "
        "one of them off drops no prediction while another of its kind is on."
    ),
    "components_not_computed": N_("Counted by weights only, their work is not: {components}."),
    "components_unsized": N_(
        "Nothing published tells the size of {components}: it comes on top, so more memory is needed than stands here."
    ),
}
