"""The words of a plan's settings: what the help of each flag says, and what a report says of some.

DEFAULTS  by flag, where a default is not the plan's own
STATED    by assumption, of settings that are taken as given as they stand: {value}, {source}
"""

from vidcalc.faces.words import N_

DEFAULTS = {
    "compile": N_("the framework's"),
    "guidance_mode": N_("the model's"),
    "lora_mode": N_("the framework's"),
    "parallel": N_("each GPU a video of its own"),
    "training_parallel": N_("each GPU samples of its own"),
    "base_precision": N_("bf16; nf4 with qlora"),
}

STATED = {
    "merged_tokens": N_("Token merging: {value} of the tokens go through self-attention within others ({source})."),
    "segments": N_("PyTorch's allocator has {value} segments: what is reserved stays near what is in use."),
    "mixing": N_("Each GPU draws a size of its own; every step waits for the slowest of them."),
}

HELP = {
    "framework": N_(
        "Framework that runs the model: its number formats, what it keeps on the GPU and its networks: diffusers, "
        "comfyui, wan-official, xdit …"
    ),
    "precision": N_(
        "Number format of the denoiser: fp32, fp16, bf16, fp8 (weights), fp8-scaled (weights and products), int8, "
        "int4, nf4, nvfp4, mxfp8, gguf-q8_0 … gguf-q2_k; `list` shows all."
    ),
    "text_encoder_precision": N_("Number format of text and image encoders."),
    "vae_precision": N_("Number format of the VAE."),
    "attention": N_(
        "Attention kernel: sdpa (what PyTorch picks), flash (the newest FlashAttention), math, flash2, cudnn … as "
        "the GPU has them."
    ),
    "compile": N_(
        "Elementwise work fused as torch.compile does within repeated blocks (on, or regional as diffusers' "
        "compile_repeated_blocks), each operation a kernel of its own as in eager PyTorch (off), or such kernels "
        "started together as CUDA graphs (graphs)."
    ),
    "guidance_mode": N_(
        "Where guidance runs: both predictions of a step in one call of twice the batch, one after the other, or in "
        "one call where the framework finds memory for it (fitting)."
    ),
    "offload": N_(
        "Weights that wait in host memory: none; encoders (once they have run); model (all but the network that "
        "runs); group (block by block); group-leaf (module by module, one ahead); sequential (module by module); "
        "block-swap:N (N blocks of the denoiser); group:N (N blocks stay); group-wait:N (N at a time, the work waits); "
        "partial (what does not fit streams); dynamic-swap (what does not fit is fetched, the work waits)."
    ),
    "resident_blocks": N_("Blocks of a network that stay on the GPU while it runs, with --offload group."),
    "blocks_per_group": N_("Blocks that come and go together, with --offload group-wait; with group it counts as 1."),
    "offload_to": N_(
        "Where groups wait, with --offload group, group-leaf, group-wait: a pinned copy of all (pinned), pageable "
        "memory from which they are pinned as they go (low_cpu_mem_usage), or files (disk)."
    ),
    "swapped_blocks": N_("Blocks of the denoiser that wait in host memory, with --offload block-swap."),
    "parallel": N_(
        "How GPUs share one video: ulysses, ring (tokens), tp (layers), pipefusion (layers and patches), cfg "
        "(guidance), fsdp (stored weights), vae (decode), text (text encoders), such as ulysses=4,cfg=2,fsdp=8."
    ),
    "segments": N_(
        "Segments of PyTorch's caching allocator: fixed, or expandable "
        "(PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True)."
    ),
    "vae_tiling": N_(
        "VAE in tiles: default takes those of the VAE's own class; when-full too, where the clip has no room."
    ),
    "vae_slicing": N_("Decode the videos of a batch one at a time."),
    "step_cache": N_(
        "Step or block cache: the share of the steps that run the whole denoiser, or a method with its numbers: "
        "teacache-0.2, magcache, firstblockcache, pab, fastercache, taylorseer:interval=5 …; `list` shows all."
    ),
    "guidance_interval": N_("Share of the steps that run guidance; the others take one prediction."),
    "attention_density": N_(
        "Sparse attention: the share of self-attention's score blocks that are computed, or a method: vsa, sla, "
        "radial, sta, sparse-videogen, nabla, natten."
    ),
    "token_merge": N_(
        "Token merging: share of the tokens that go through self-attention as part of others (U-Nets: 0.5)."
    ),
    "lora_mode": N_(
        "How LoRAs are applied: merged into the weights beforehand, live (A and B beside each layer), patched onto a "
        "copy of the weights at every use."
    ),
    "trainer": N_(
        "Program that trains, whose ways stand where nothing else is said: musubi, diffusion-pipe, ai-toolkit, "
        "simpletuner, finetrainers, diffsynth, cogvideox-factory …; `list` shows all."
    ),
    "loading": N_(
        "How weights arrive: direct (each GPU reads what it keeps), device or host (each GPU's process first holds the "
        "whole network there in 16 bits, before it is quantised or shared)."
    ),
    "mode": N_("What is trained: all weights (pretrain, full), or adapters beside frozen weights (lora, qlora)."),
    "recipe": N_(
        "Training precision: fp32, bf16-mixed, fp16-mixed, bf16-autocast, fp16-autocast, bf16-sharded, bf16-megatron, "
        "pure-bf16, kahan-bf16."
    ),
    "optimizer": N_(
        "Optimizer: adamw, adamw-8bit, adamw-4bit, paged-adamw-8bit, adafactor, came, lion, prodigy, muon, "
        "schedule-free, sgd, sgd-momentum."
    ),
    "optimizer_update": N_("How the optimizer walks over the weights: foreach holds a temporary copy of a state."),
    "ema": N_("Moving average of the trained weights: on the GPU in fp32 or bf16, or in host memory."),
    "checkpointing": N_(
        "Activations computed again instead of kept: none, full (each block keeps its input), every:K, partial:F, "
        "segments:K, attention or matmul (their outputs stay), offload (inputs wait in host memory); "
        "full+attention-offload also lets what attention keeps wait there."
    ),
    "grad_accum": N_("Micro-batches whose gradients are summed up before an update."),
    "lora_rank": N_("Rank of the adapters."),
    "lora_targets": N_("Linear layers that get an adapter."),
    "adapter": N_("Kind of adapter."),
    "base_precision": N_("Number format of the frozen weights beside adapters."),
    "latents": N_("Latents made by the VAE in the loop, or read from disk."),
    "texts": N_("Text embeddings made by the text encoders in the loop, or read from disk."),
    "training_offload": N_(
        "What waits in host memory while training: optimizer states (updated by the CPU), and the weights; or, beside "
        "adapters, the frozen base (base, or a share of its layers: base:0.5), or N of its blocks (block-swap:N)."
    ),
    "training_parallel": N_(
        "How GPUs share a training step: dp (samples), fsdp (weights and states), ulysses, ring, gather (tokens), "
        "tp (every layer), pp (layers), such as fsdp=32,ulysses=8,ring=2; auto searches the fastest that fits."
    ),
    "sharding": N_(
        "What GPUs share: optimizer states (zero1), gradients (zero2), weights (zero3, fsdp; hybrid: per node)."
    ),
    "sequence_parallel": N_(
        "With tp: the tokens between the shared layers are shared too (on), or every GPU works on all of them (off)."
    ),
    "reshard": N_("Sharded weights given back after the forward pass (on), or kept until backward (off)."),
    "networks": N_(
        "Networks beside the trained one: alone, distillation (teacher and critic), rl (reference, rollouts)."
    ),
    "rollout_steps": N_("Denoising steps of a rollout, with --networks distillation or rl."),
    "experts": N_("Of a denoiser in two experts: train one at a time, or both loaded."),
    "mixing": N_(
        "Sizes of samples in one step: the same on all GPUs (steps), or each GPU its own and all wait (ranks)."
    ),
    "validation": N_("Generate a sample from time to time while training."),
    "validation_every": N_("Steps from one validation sample to the next."),
    "save_every": N_("Steps from one checkpoint on disk to the next."),
}
