"""A ComfyUI workflow, node by node, in the form that is sent to be run: {"1": {"class_type": ..., "inputs": {...}}}."""

from typing import Any

from vidcalc.base.facts import Facts
from vidcalc.catalog.caches import read
from vidcalc.describe.question import Question
from vidcalc.faces.how.said import Leavings
from vidcalc.faces.words import _

Link = list[str | int]  # [node, output]
TILES = {"tile_size": 512, "overlap": 64, "temporal_size": 64, "temporal_overlap": 8}  # the node's own defaults


class Workflow:
    """The nodes of a job: loaders, prompts, latent, samplers, decoder.

    own, family  the model's and its family's facts;  needs  packages of nodes that are not the program's own
    """

    def __init__(self, job: Question, facts: Facts, own: Facts, family: Facts, left: Leavings) -> None:
        self.job, self.facts, self.own, self.family, self.left = job, facts, own, family, left
        self.made: dict[str, Any] = {}
        self.needs: list[str] = []

    def node(self, class_type: str, **inputs: Any) -> Link:
        """One more node; its first output."""
        name = str(len(self.made) + 1)
        self.made[name] = {"class_type": class_type, "inputs": inputs}
        return [name, 0]

    def nodes(self) -> dict[str, Any]:
        """The workflow."""
        models = [self.shifted(self.adapted(self.model(file))) for file in self.own["files"]]
        loader = next(iter(self.made)) if self.family.get("checkpoint") else ""
        vae: Link = [loader, 2] if loader else self.node("VAELoader", vae_name=self.family["vae"])
        clip = self.clip()
        positive, negative = (self.node("CLIPTextEncode", clip=clip, text=text) for text in ("...", ""))
        positive, negative, latent = self.latent(vae, positive, negative)
        if self.family.get("distilled"):
            positive = self.node("FluxGuidance", conditioning=positive, guidance=self.job.workload.guidance)
        samples = self.sampled(models, positive, negative, latent)
        tiles = self.job.plan.vae_tiling == "default"
        decoder, more = ("VAEDecodeTiled", TILES) if tiles else ("VAEDecode", {})
        frames = self.node(decoder, samples=samples, vae=vae, **more)
        video = self.node("CreateVideo", images=frames, fps=self.job.workload.fps)
        self.node("SaveVideo", video=video, filename_prefix="video/vidcalc", format="auto", codec="auto")
        return self.made

    def model(self, file: str) -> Link:
        """The loader of a denoiser, in the format of the plan."""
        word = self.job.plan.precision
        how = self.facts["denoiser"].get(word)
        if self.family.get("checkpoint"):
            if word not in ("bf16", "fp16"):
                self.left.add("--precision", word)
            return self.node("CheckpointLoaderSimple", ckpt_name=file)
        if how is None:
            self.left.add("--precision", word)
            how = self.facts["denoiser"]["fp16"]
        if "gguf" in how:
            self.need("city96/ComfyUI-GGUF")
            packed = file.format(format=how["gguf"]).replace(".safetensors", ".gguf")
            return self.node("UnetLoaderGGUF", unet_name=packed)
        name = file.format(format=how["name"])
        return self.node("UNETLoader", unet_name=name, weight_dtype=how.get("dtype", "default"))

    def adapted(self, model: Link) -> Link:
        """LoRAs on a denoiser, a compiler, a step cache."""
        plan = self.job.plan
        for place in range(len(plan.loras)):
            name = "lora.safetensors" if len(plan.loras) == 1 else f"lora_{place + 1}.safetensors"
            model = self.node("LoraLoaderModelOnly", model=model, lora_name=name, strength_model=1.0)
        if plan.step_cache != "none":
            model = self.cached(model, plan.step_cache)
        if plan.compile != "off":
            model = self.node("TorchCompileModel", model=model, backend="inductor")
        return model

    def cached(self, model: Link, stated: str) -> Link:
        """EasyCache, the one step cache of its own."""
        found = None if stated == "stated" else read(stated)
        if found is None or found.name != "easycache":
            self.left.add("--step-cache", stated, _("a node of others; its own is easycache"))
            return model
        numbers = found.parameters
        ends = {"start_percent": numbers["start"], "end_percent": 1 - numbers["end"]}
        return self.node("EasyCache", model=model, reuse_threshold=numbers["threshold"], **ends, verbose=False)

    def shifted(self, model: Link) -> Link:
        """The shift of the schedule, where the family has one."""
        shift = self.job.model.defaults.flow_shift
        if not shift or "shift" not in self.family:
            return model
        return self.node(self.family["shift"], model=model, shift=shift)

    def clip(self) -> Link:
        """The loader of one text encoder, or of two."""
        word = self.job.plan.text_encoder_precision
        format_ = self.facts["encoder"].get(word)
        if format_ is None:
            self.left.add("--text-encoder-precision", word)
            format_ = "fp16"
        names = [name.format(format=format_) for name in self.family["clips"]]
        if len(names) == 1:
            return self.node("CLIPLoader", clip_name=names[0], type=self.family["type"], device="default")
        pair = {"clip_name1": names[0], "clip_name2": names[1]}
        return self.node("DualCLIPLoader", **pair, type=self.family["type"], device="default")

    def latent(self, vae: Link, positive: Link, negative: Link) -> tuple[Link, Link, Link]:
        """The prompts and the empty latent, or those of an image to begin with."""
        work = self.job.workload
        size = {"width": work.width, "height": work.height, "length": work.frames, "batch_size": work.batch}
        begins = self.job.model.task == "i2v"
        image: Link = self.node("LoadImage", image="image.png") if begins else []
        if not begins or "image" not in self.family:
            more = {"vae": vae} if self.family.get("needs_vae") else {}
            more |= {"start_image": image} if begins else {}
            return positive, negative, self.node(self.family["latent"], **size, **more)
        seen: dict[str, Any] = {}
        if "vision" in self.own:
            vision = self.node("CLIPVisionLoader", clip_name=self.own["vision"])
            seen = {"clip_vision_output": self.node("CLIPVisionEncode", clip_vision=vision, image=image, crop="none")}
        ends = {"positive": positive, "negative": negative, "vae": vae, "start_image": image}
        first = self.node(self.family["image"], **ends, **seen, **size)
        return first, [first[0], 1], [first[0], 2]

    def sampled(self, models: list[Link], positive: Link, negative: Link, latent: Link) -> Link:
        """One sampler, or one for each expert, which share the steps."""
        steps, scale = int(self.job.workload.steps), self.scale()
        ends = {"positive": positive, "negative": negative}
        how = {"sampler_name": "euler", "scheduler": "simple"}
        if len(models) == 1:
            usual = {"seed": 0, "steps": steps, "cfg": scale, **how, "denoise": 1.0}
            return self.node("KSampler", model=models[0], **ends, latent_image=latent, **usual)
        for place, model in enumerate(models):
            last = place == len(models) - 1
            part = {
                "add_noise": "disable" if place else "enable",
                "noise_seed": 0,
                "steps": steps,
                "cfg": scale,
                **how,
                "start_at_step": steps * place // len(models),
                "end_at_step": 10000 if last else steps * (place + 1) // len(models),
                "return_with_leftover_noise": "disable" if last else "enable",
            }
            latent = self.node("KSamplerAdvanced", model=model, **ends, latent_image=latent, **part)
        return latent

    def scale(self) -> float:
        """The sampler's scale: 1 where guidance is of the network itself."""
        return 1.0 if self.family.get("distilled") else float(self.job.workload.guidance)

    def need(self, package: str) -> None:
        """A package of nodes."""
        if package not in self.needs:
            self.needs.append(package)
