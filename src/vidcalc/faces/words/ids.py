"""The words of the ids that a report holds: stages, kinds of work, rows, verdicts, ways.

An id without words is shown as it is, so a new one is never lost; those under a report are in
`vidcalc.faces.words.notes`.
"""

from vidcalc.faces.words import N_, _

STAGES = {
    "text_encode": N_("Text encoding"),
    "image_encode": N_("Image encoding"),
    "vae_encode": N_("VAE encoding"),
    "denoise": N_("Denoising"),
    "vae_decode": N_("VAE decoding"),
    "load": N_("Loading"),
    "post": N_("Post-processing"),
    "forward": N_("Forward"),
    "backward": N_("Backward"),
    "recompute": N_("Recomputation"),
    "optimizer": N_("Optimizer"),
    "communication": N_("Waiting for other GPUs"),
    "transfer": N_("Waiting for host memory"),
    "bubble": N_("Idle in the pipeline"),
    "imbalance": N_("Waiting for larger samples"),
    "launch": N_("Waiting for kernels to be launched"),
    "company": N_("Teacher, critic, reference"),
    "rollout": N_("Rollouts"),
    "audio_decode": N_("Audio decoding"),
    "tensor": N_("sums of tensor parallelism"),
    "guidance": N_("exchange of guided predictions"),
    "shards": N_("gathering of sharded weights"),
    "tail": N_("half-empty last wave of attention"),
}

PHASES = {
    "precompute": N_("Encoding beforehand"),
    "load": N_("Loading"),
    "encode": N_("Encoding"),
    "forward_backward": N_("Forward, backward"),
    "optimizer_step": N_("Optimizer step"),
    "validation": N_("Validation sample"),
    "rollout": N_("Rollouts"),
    "company": N_("Teacher, critic, reference"),
}

KINDS = {
    "matmul": N_("linear layers"),
    "attention": N_("attention"),
    "convolution": N_("convolutions"),
    "pointwise": N_("memory-bound work"),
    "launch": N_("waiting for kernels to be launched"),
    "transfer": N_("weights from host memory"),
    "communication": N_("exchange between GPUs"),
}

# what a stage's memory is of: roles of components, and the rest
PARTS = {
    "denoiser": N_("denoiser"),
    "text_encoder": N_("text encoder"),
    "image_encoder": N_("image encoder"),
    "control": N_("control network"),
    "vae": N_("VAE"),
    "other": N_("other weights"),
    "gathered": N_("gathered shards"),
    "beside": N_("further models"),
    "activations": N_("activations"),
    "workspace": N_("convolution workspace"),
    "process": N_("CUDA context and libraries"),
}

# rows of memory while training
ROWS = {
    "weights": N_("weights"),
    "vae": N_("VAE"),
    "encoders": N_("text encoders"),
    "optimizer": N_("optimizer states"),
    "gradients": N_("gradients"),
    "activations": N_("activations"),
    "other": N_("context, buffers"),
}

VERDICTS = {
    "slower": N_("fits, slower"),
    "fits": N_("fits"),
    "tight": N_("tight"),
    "at_least": N_("needs at least"),
    "too_big": N_("does not fit"),
}

# what more GPUs on one video come to
SCALING = {
    "needed": N_("needed, fewer do not hold the job"),
    "worth_it": N_("worth it"),
    "buys_time": N_("sooner, but each video is dearer"),
    "not_worth_it": N_("not worth it"),
    "too_big": N_("still too little memory"),
}

PROVENANCE = {
    "exact": N_("exact"),
    "measured": N_("measured"),
    "interpolated": N_("interpolated"),
    "assumed": N_("assumed"),
    "estimate": N_("estimate"),
}

GUIDANCE = {
    "batched": N_("guidance {scale}: {forwards} predictions per step, batched"),
    "partly": N_("guidance {scale}: {forwards} predictions per step in {calls} calls"),
    "fitting": N_("guidance {scale}: {forwards} predictions per step, in one batch where memory allows"),
    "sequential": N_("guidance {scale}: {forwards} predictions per step, one after the other"),
    "distilled": N_("guidance {scale}: distilled into the model"),
    "none": N_("no guidance"),
}

OFFLOADS = {
    "none": N_("every component stays on the GPU the whole time"),
    "encoders": N_("text and image encoders leave the GPU once they have run (offload encoders)"),
    "model": N_("only the network that runs is on the GPU, the others wait in host memory (offload model)"),
    "sequential": N_("only the module that runs is on the GPU, the rest waits in host memory (offload sequential)"),
    "group": N_("blocks come from host memory one ahead of use (offload group)"),
    "group-wait": N_("blocks come from host memory one by one, and the work waits for them (offload group-wait)"),
    "group-leaf": N_("modules come from host memory one ahead of use (offload group-leaf)"),
    "encoders-streamed": N_(
        "encoders leave the GPU once they have run, and stream in block by block while they do "
        "(offload encoders-streamed)"
    ),
    "block-swap": N_(
        "only the network that runs is on the GPU, and {count} blocks of the denoiser wait in host memory "
        "(offload block-swap)"
    ),
    "partial": N_(
        "only the network that runs is on the GPU; what of it does not fit streams from pinned host memory "
        "(offload partial)"
    ),
    "dynamic-swap": N_(
        "only the network that runs is on the GPU; what of it does not fit is fetched when it is used, and the work "
        "waits (offload dynamic-swap)"
    ),
}

# ways that carry a number
NUMBERED = {
    "group": N_("blocks come from host memory one ahead of use, {count} of them stay (offload group)"),
    "group-wait": N_(
        "blocks come from host memory {count} at a time, and the work waits for them (offload group-wait)"
    ),
}

SUPPLIES = {
    "online": N_("made in the loop of every step"),
    "precomputed": N_("made beforehand and read from disk"),
}

PLACES = {
    "cloud": N_("cloud"),
    "own_rack": N_("own rack"),
    "home": N_("at home"),
    "hyperscale_fleet": N_("hyperscaler's data centre"),
    "industry_average": N_("average data centre"),
}

PROVIDERS = {
    "stated": N_("stated price"),
    "specialty": N_("specialised cloud"),
    "long_tail": N_("small providers"),
    "neocloud": N_("GPU cloud"),
    "hyperscaler": N_("hyperscaler"),
    "marketplace": N_("marketplace"),
    "serverless": N_("serverless"),
    "spot": N_("spot, may be taken back"),
}

# what a search for a plan puts first, what bounds its winner, and how its neighbours differ
ORDERS = {"time": N_("time"), "cost": N_("cost"), "memory": N_("memory")}

BOUNDS = {
    "compute": N_("Computing decides: {compute} of the time is the GPUs' own work, {exchange} exchange, {idle} idle."),
    "exchange": N_("Exchange decides: {exchange} of the time waits for other GPUs or host memory, {compute} is work."),
    "idle": N_(
        "Idle GPUs decide: {idle} of the time waits for the pipeline, kernel launches or validation, {compute} is work."
    ),
    "memory": N_(
        "Memory decides: with no limit to it the best plan would take {gained} less time. Of this one's, {compute} is "
        "work, {exchange} exchange, {idle} idle."
    ),
}

CHANGED = {
    "context": N_("tokens of a sample on {value} GPUs"),
    "no_context": N_("without sequence parallelism"),
    "sharding": N_("sharding {value}"),
    "shard_degree": N_("shards over {value} GPUs"),
    "reshard": N_("reshard {value}"),
    "checkpointing": N_("checkpointing {value}"),
    "tensor_degree": N_("tensor parallel {value}"),
    "no_tensor_degree": N_("without tensor parallelism"),
    "pipeline_degree": N_("pipeline of {value}"),
    "no_pipeline_degree": N_("without a pipeline"),
    "micro_batch": N_("micro-batch × {value}"),
}

PROBLEMS = {
    "missing": N_("{value}: there is no such file or folder"),
    "no_permission": N_("{value}: there is no permission to read it"),
    "is_folder": N_("{value} is a folder, not a file"),
    "no_file": N_("{value} is neither a file nor a folder"),
    "too_many": N_("{value} holds more than {most} files; name the model's own folder"),
    "not_csv": N_("{value} is not a CSV file in UTF-8"),
    "no_columns": N_("{value} lacks the columns {missing}"),
    "no_adapters": N_("{value} holds no LoRA"),
    "no_control": N_("{value} is none of the known networks that steer a model"),
    "control_of_another": N_("{value} ({title}) was not made for {model}"),
    "nothing_here": N_("{value} holds no model_index.json, config.json, .safetensors or .gguf"),
    "no_such_network": N_("{value} has no published network that can be run here"),
    "no_depth": N_("{value}: this network's configuration counts no layers"),
    "not_toml": N_("{value} is not a TOML file"),
    "fact_missing": N_("{value} does not state {field}"),
    "fact_wrong": N_("{value} states what cannot be read: {field}"),
    "not_calibration": N_("{value} is no calibration of `vidcalc measure`: {field}"),
    "not_json": N_("{value} is not a JSON object"),
    "truncated": N_("{value} ends inside its header; is the download complete?"),
    "not_safetensors": N_("{value} is not a safetensors file"),
    "not_gguf": N_("{value} is not a GGUF file of version 2 or 3"),
    "unknown_format": N_("{value} holds tensors of an unknown format ({format})"),
    "unknown_kind": N_("{value} is none of .safetensors, .gguf, .json, .toml, .yaml, .sh, .png, .mp4 …"),
    "no_class": N_("{value} names no class (_class_name or architectures)"),
    "no_shards": N_("{value} lists weight files that are not beside it"),
    "pointer": N_("{value} is a Git LFS pointer; the weights themselves are not here"),
    "unknown_weights": N_("{value} ({params} weights) is like no known network; give its folder"),
    "bad_config": N_("the configuration of {value} makes no network"),
    "unknown_class": N_("{value} is unknown: vidcalc[reference] traces it"),
    "no_such_class": N_("class {value} is unknown, and diffusers has it not"),
    "not_built": N_("class {value} refuses its configuration: {reason}"),
    "no_call": N_("class {value} cannot be traced, its call is not known ({argument})"),
    "no_reference": N_("install vidcalc[reference] (missing: {packages})"),
    "no_report": N_("{value} is no report of `vidcalc estimate --json` ({schema})"),
    "no_data_set": N_("{value} is no table of clips (CSV, JSON lines or a JSON list)"),
    "no_sizes": N_("{value} has no columns of sizes: width and height, or resolution as 1280x720"),
    "no_clips": N_("{value} holds no video and no picture"),
    "no_usable_clips": N_("{value} holds no clip that can be trained on ({reasons})"),
    "no_media": N_("{value} is a folder, whose files MediaInfo reads; install vidcalc[media], or give a table"),
    "no_log": N_("{value} cannot be read ({reason})"),
    "no_workflow": N_("{value} holds no ComfyUI workflow"),
    "unknown_recipe": N_("{value} is no ComfyUI workflow and no configuration of a known trainer"),
    "unknown_command": N_("{value} runs no known trainer and no known program that generates"),
    "own_report": N_("{value} is a report of vidcalc itself; `vidcalc compare` reads it"),
    "names_no_model": N_("{value} configures {kind} and names no model"),
    "no_model_named": N_("{value} names no known model ({names}); give it with --model"),
    "not_yaml": N_("{value} is not plain YAML"),
    "no_yaml": N_("{value} needs PyYAML; install vidcalc[yaml]"),
    "too_large": N_("{value} is too large for a configuration"),
    "no_hub": N_("{value} needs the hub's client; install vidcalc[hub]"),
    "hub_name": N_("{value} is not of the form hf:OWNER/NAME[@REVISION][/FILE]"),
    "hub_missing": N_("{value}: the hub has no such repository, revision or file"),
    "hub_gated": N_("{value} is gated; accept its terms on the hub and set HF_TOKEN"),
    "hub_unreachable": N_("{value}: the hub does not answer"),
    "hub_no_ranges": N_("{value}: the hub answers without ranges, which headers need"),
}


def label(table: dict[str, str], name: str, **values: object) -> str:
    """The words of an id, or the id itself where it has none."""
    return _(table[name], **values) if name in table else name
