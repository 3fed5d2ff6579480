"""How ranks share one job: what is divided among them and by how many, under the same names for both jobs."""

from typing import Any, ClassVar, Literal

import msgspec

Sharding = Literal["none", "zero1", "zero2", "zero3"]
Switch = Literal["off", "on"]


class Sharing(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every degree is a number of ranks and neutral at 1; any of them may be an array.

    data_degree        ranks (groups of ranks) that each see samples or make videos of their own
    guidance_degree    ranks that share the guided forwards of a step
    tensor_degree      ranks that share every linear layer
    sequence_parallel  "on": ranks of tensor parallelism share the tokens between those layers too
    ulysses_degree     ranks that share a sample's tokens and exchange heads
    ring_degree        ranks that share the tokens and pass keys and values on
    gather_degree      ranks that share the tokens and gather all keys and values
    pipefusion_degree  ranks that share the denoiser's layers, each on a patch of the tokens at a time
    pipeline_degree    ranks that share the layers, each on a micro-batch at a time (1F1B)
    shard_degree       ranks that share what is stored; fewer than all is hybrid sharding
    sharding           what data-parallel ranks keep a share of: "none" (DDP), "zero1" (optimizer states), "zero2" (and
                       gradients), "zero3" (and weights; FSDP)
    reshard            "on": gathered weights are given back after the forward pass; "off": they stay until backward
    decode_degree      ranks that share the VAE's decode
    """

    unused: ClassVar[tuple[str, ...]] = ()
    """Ways of sharing that a job has no use for: a report names them only where they are not neutral."""

    data_degree: Any = 1
    guidance_degree: Any = 1
    tensor_degree: Any = 1
    sequence_parallel: Switch = "off"
    ulysses_degree: Any = 1
    ring_degree: Any = 1
    gather_degree: Any = 1
    pipefusion_degree: Any = 1
    pipeline_degree: Any = 1
    shard_degree: Any = 1
    sharding: Sharding = "none"
    reshard: Switch = "on"
    decode_degree: Any = 1
