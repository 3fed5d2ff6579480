"""The flags of what is made or seen: the model, its clip, the GPUs by name, and the data of a training run."""

import click

from vidcalc.describe.setting import GENERATE, RUN, TRAIN
from vidcalc.faces.flags.inputs import Named, OneOf, Params, Real, Size, Whole, Window
from vidcalc.faces.flags.reach import File, Plain
from vidcalc.faces.flags.scales import Scales
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_

MANY = 10**9

MODEL: Specs = {
    "params": Spec(
        ("-p", "--params"),
        Params(1_000_000, 100 * 10**12),
        N_("COUNT"),
        "",
        N_("Weights of the DiT or U-Net: 600M, 3B, 8B. The network's shape is then derived from the count."),
    ),
    "model": Spec(
        ("-m", "--model"),
        Named("models"),
        N_("NAME"),
        "",
        N_("A model of the catalogue instead of --params; `vidcalc models` lists them."),
    ),
    "from": Spec(
        ("--from",),
        File(),
        N_("PATH"),
        "",
        N_(
            "A model from its own files (folder, config.json, .safetensors, .gguf, hf:OWNER/NAME), a ComfyUI workflow, "
            "or a training configuration."
        ),
    ),
    "preset": Spec(
        ("--preset",),
        Plain(),
        N_("NAME"),
        "",
        N_("A published setting of the model: official, distilled, lightning … A wrong one lists the model's."),
    ),
    "resolution": Spec(
        ("-r", "--resolution"),
        Size(),
        N_("SIZE"),
        N_("the model's"),
        N_("480p, 720p, 1080p, 2k, 4k, or WIDTHxHEIGHT such as 1920x1080."),
    ),
    "frames": Spec(("-f", "--frames"), Whole(1, 10**7), N_("N"), N_("the model's"), N_("Frames of the video.")),
    "seconds": Spec(
        ("--seconds",),
        Real(0.001, 10**6),
        N_("SECONDS"),
        "",
        N_("Length of the video instead of --frames."),
    ),
    "window": Spec(
        ("--window",),
        Window(),
        N_("FRAMES[:OVERLAP]"),
        N_("the pipeline's"),
        N_("Make a long video in windows of so many frames, of which neighbours share OVERLAP: 81:16."),
        GENERATE,
    ),
    "snap": Spec(
        ("--snap",),
        click.BOOL,
        "",
        "",
        N_("Take the nearest size and length that the model accepts."),
    ),
    "fps": Spec(("--fps",), Real(0.01, 10_000), N_("N"), N_("24, or the model's"), N_("Frames per second.")),
    "steps": Spec(
        ("-s", "--steps"),
        Whole(1, 10**6),
        N_("N"),
        N_("30, or the model's"),
        N_("Denoising steps of one generation."),
        GENERATE,
    ),
    "batch_size": Spec(
        ("-b", "--batch-size"),
        Whole(1, 10**6),
        N_("N"),
        "1",
        N_("Videos generated or trained on at once."),
    ),
    "guidance_scales": Spec(
        ("--guidance-scales",),
        Scales(),
        N_("SCALES"),
        N_("all on"),
        N_(
            "Further guidance scales of the model's pipeline, such as audio=1,stg=0,audio-stg=0,modality=1: a "
            "prediction is left out when all scales that need it are off."
        ),
        GENERATE,
    ),
    "guidance": Spec(
        ("--guidance",),
        Real(0, 1000),
        N_("SCALE"),
        N_("the model's"),
        N_("Scale of classifier-free guidance; 1 turns it off, above 1 each step runs the network twice."),
        GENERATE,
    ),
    "text_tokens": Spec(
        ("--text-tokens",),
        Whole(1, 10**6),
        N_("N"),
        N_("what the pipeline pads to"),
        N_("Length of the prompt in tokens."),
    ),
    "latent_channels": Spec(
        ("--latent-channels",),
        Whole(1, 4096),
        N_("N"),
        "16",
        N_("Channels of the VAE's latent (with --params)."),
    ),
    "patch_size": Spec(
        ("--patch-size",),
        Whole(1, 64),
        N_("N"),
        "2",
        N_("Patch of the DiT in latent places (with --params)."),
    ),
    "vae_params": Spec(
        ("--vae-params",),
        Params(100_000, 10**12),
        N_("COUNT"),
        "83M",
        N_("Weights of the VAE (with --params)."),
    ),
    "vae": Spec(
        ("--vae",),
        Plain(),
        N_("NAME"),
        N_("the model's"),
        N_("Another autoencoder for the model's latents: taehv, lighttae, lightvae …; `list` shows what fits."),
    ),
    "arch": Spec(("--arch",), OneOf("dit", "unet"), "dit|unet", "dit", N_("Kind of network (with --params).")),
    "gpu": Spec(
        ("--gpu",),
        Named("accelerators", here="auto"),
        N_("NAME"),
        "a100-sxm-80gb",
        N_(
            "The GPU; `vidcalc gpus` lists them, auto is that of this machine. Facts may be replaced: "
            "h100-sxm,memory=94GiB,price=2.5USD/h."
        ),
    ),
    "gpus": Spec(("--gpus",), Whole(1, 10**6), N_("N"), "1", N_("How many GPUs work on the job.")),
}

DATA: Specs = {
    "dataset": Spec(
        ("--dataset",),
        File(),
        N_("PATH"),
        "",
        N_(
            "The clips themselves: a table of their sizes and lengths (CSV, JSON lines, JSON), or their folder (extra "
            "media); sorted into buckets of the area and frames asked for."
        ),
        RUN,
    ),
    "clips": Spec(("--clips",), Whole(1, 10**12), N_("N"), "", N_("Clips of the data set."), RUN),
    "clip_seconds": Spec(
        ("--clip-seconds",),
        Whole(1, 10**6),
        N_("SECONDS"),
        N_("one sample per clip"),
        N_("Length of a clip: as many samples as its seconds hold."),
        RUN,
    ),
    "epochs": Spec(("--epochs",), Whole(1, 10**6), N_("N"), "1", N_("Times that every clip is seen."), RUN),
    "train_steps": Spec(
        ("--train-steps",), Whole(1, MANY), N_("N"), "1,000", N_("Optimizer steps of the training run."), TRAIN
    ),
}
