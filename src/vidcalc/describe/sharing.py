"""How ranks share one job: what is divided among them and by how many, under the same names for both jobs."""

from functools import cache
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.setting import GENERATE, RUN, SHARED, Declared, Job, Setting, declared, words

Sharding = Literal["none", "zero1", "zero2", "zero3"]
ShardingFlag = Literal[Sharding, "fsdp", "hybrid"]
Switch = Literal["off", "on"]
Reshard = Literal["on", "off"]
Shards = Literal["denoiser", "encoders"]

SHARDING = words(Sharding)
ALIKE = {"fsdp": "zero3", "hybrid": "zero3"}  # what people call it -> the word

# How ranks that share the work stand beside each other: those of the first have the shortest ways.
INNERMOST = ("tensor_degree", "ulysses_degree", "ring_degree", "pipefusion_degree", "guidance_degree")

SequenceParallel: TypeAlias = Annotated[Switch, Setting("sequence-parallel", jobs=RUN)]


class Sharing(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every degree is a number of ranks and neutral at 1; any of them may be an array.

    data_degree        ranks (groups of ranks) that each see samples or make videos of their own
    shard_degree       ranks that share what is stored; fewer than all is hybrid sharding
    sharding           what data-parallel ranks keep a share of: "none" (DDP), "zero1" (optimizer states), "zero2" (and
                       gradients), "zero3" (and weights; FSDP)
    reshard            "on": gathered weights are given back after the forward pass; "off": they stay until backward
    shards             what of a generation is stored in shards: "denoiser", or "encoders": the text encoders too
    ulysses_degree     ranks that share a sample's tokens and exchange heads
    ring_degree        ranks that share the tokens and pass keys and values on
    gather_degree      ranks that share the tokens and gather all keys and values
    tensor_degree      ranks that share every linear layer
    sequence_parallel  "on": ranks of tensor parallelism share the tokens between those layers too
    pipeline_degree    ranks that share the layers, each on a micro-batch at a time (1F1B)
    guidance_degree    ranks that share the guided forwards of a step
    pipefusion_degree  ranks that share the denoiser's layers, each on a patch of the tokens at a time
    decode_degree      ranks that share the VAE's decode
    text_degree        ranks that share every linear layer of the text encoders
    """

    jobs: ClassVar[tuple[Job, ...]] = ()
    """What the plan is of."""

    data_degree: Annotated[Number, Setting(way="dp", jobs=RUN)] = 1
    shard_degree: Annotated[Number, Setting(way="fsdp", jobs=SHARED, assumption="link")] = 1
    sharding: Annotated[
        Sharding, Setting("sharding", jobs=RUN, words=ShardingFlag, means=tuple(ALIKE.items()), assumption="sharding")
    ] = "none"
    reshard: Annotated[Reshard, Setting("reshard", jobs=RUN)] = "on"
    shards: Annotated[Shards, Setting(by="rows")] = "denoiser"
    ulysses_degree: Annotated[Number, Setting(way="ulysses", jobs=SHARED, assumption="link")] = 1
    ring_degree: Annotated[Number, Setting(way="ring", jobs=SHARED, assumption="link")] = 1
    gather_degree: Annotated[Number, Setting(way="gather", jobs=RUN)] = 1
    tensor_degree: Annotated[Number, Setting(way="tp", jobs=SHARED, assumption="link")] = 1
    sequence_parallel: SequenceParallel = "off"
    pipeline_degree: Annotated[Number, Setting(way="pp", jobs=RUN)] = 1
    guidance_degree: Annotated[Number, Setting(way="cfg", jobs=GENERATE, assumption="link")] = 1
    pipefusion_degree: Annotated[Number, Setting(way="pipefusion", jobs=GENERATE, assumption="link")] = 1
    decode_degree: Annotated[Number, Setting(way="vae", jobs=GENERATE, assumption="link")] = 1
    text_degree: Annotated[Number, Setting(way="text", jobs=GENERATE, assumption="link")] = 1


@cache
def of(plan: type[Sharing], *jobs: Job) -> tuple[Declared, ...]:
    """The settings of a plan that are of one of those jobs, or of any of its own where none is named."""
    asked = set(jobs or plan.jobs) & set(plan.jobs)
    return tuple(each for each in declared(plan).values() if asked & set(each.setting.jobs))


def flag_of(plan: type[Sharing], field: str) -> str:
    """The flag that settles a field, as it is typed: "--optimizer-update"."""
    return "--" + declared(plan)[field].setting.flag


def ways(plan: type[Sharing]) -> dict[str, str]:
    """What people call a way of sharing such a job -> field of its plan."""
    return {each.setting.way: each.field for each in of(plan) if each.setting.way}
