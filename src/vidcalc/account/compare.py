"""Reports of several jobs put side by side: the settings in which they differ, and where differences come from."""

from collections.abc import Sequence

from vidcalc.base.facts import Facts
from vidcalc.report.compare import CompareJob, CompareReport, Difference
from vidcalc.report.estimate import Report

SPENT = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode", "beside")
# of what a report says of a plan: what follows from other settings, and what is of training
FOLLOWS = ("training", "forwards_per_step", "batched_forwards", "streamed_share")
NOT_COMPARED = ("train_steps", "target_rate", "text_tokens", "image_tokens")


def compared(reports: Sequence[Report]) -> CompareReport:
    """The jobs of those reports, each of one job, in their order."""
    settings = [_settings(report) for report in reports]
    names = list(dict.fromkeys(name for each in settings for name in each))
    alike = {name for name in names if all(each.get(name) == settings[0].get(name) for each in settings)}
    return CompareReport(
        alike={name: settings[0][name] for name in names if name in alike and name in settings[0]},
        jobs=[
            _job(report, {name: own[name] for name in names if name in own and name not in alike})
            for report, own in zip(reports, settings, strict=True)
        ],
        differences=[_difference(reports[0], report, place) for place, report in enumerate(reports) if place],
    )


def _settings(report: Report) -> Facts:
    """What a job is, by the names of its flags."""
    job, plan, gpu = dict(report.workload), dict(report.plan), report.hardware
    size = f"{job.pop('width')}x{job.pop('height')}"
    first = {"model": report.model.title, "gpu": gpu.name, "gpus": gpu.count, "resolution": size}
    rest = {name: value for name, value in job.items() if name not in NOT_COMPARED}
    told = {name: value for name, value in plan.items() if name not in FOLLOWS and not isinstance(value, list | dict)}
    return {**first, **rest, **told}


def _job(report: Report, differs: Facts) -> CompareJob:
    memory, time, clip = report.memory.inference, report.time.inference, report.workload
    length = clip["frames"] / clip["fps"] * clip["batch"]
    return CompareJob(
        model=report.model.name,
        title=report.model.title,
        gpu=report.hardware.accelerator,
        differs=differs,
        verdict=memory.verdict,
        peak=memory.peak,
        peak_stage=memory.peak_stage,
        device=memory.device,
        margin=memory.margin,
        capacity=memory.capacity,
        host_ram=memory.host_ram,
        seconds=time.total,
        low=time.low,
        high=time.high,
        per_step=time.per_step,
        per_second=time.total / length,
        cost=None if report.cost is None else report.cost.inference["likely"],
        energy=None if report.energy is None else report.energy.inference,
        flops=report.compute.flops_per_video,
        stages={row.id: row.total for row in memory.stages},
        spent={name: seconds for name in SPENT if (seconds := getattr(time, name))},
        relief=memory.relief,
    )


def _difference(first: Report, other: Report, place: int) -> Difference:
    """Of one job against the first."""
    mine, its = (each.time.inference for each in (other, first))
    more = {name: getattr(mine, name) - getattr(its, name) for name in SPENT}
    stage = max(more, key=lambda name: abs(more[name]))
    peaks = [
        next(row for row in each.memory.inference.stages if row.id == each.memory.inference.peak_stage)
        for each in (other, first)
    ]
    return Difference(
        job=place,
        ratio=mine.total / its.total,
        stage=stage,
        more=more[stage],
        calls=_over(other.compute.denoiser_calls, first.compute.denoiser_calls),
        work=_over(_of_a_call(other), _of_a_call(first)),
        # FLOP/s of the denoiser, whatever it waits for
        speed=_over(_over(other.compute.flops_denoise, mine.denoise), _over(first.compute.flops_denoise, its.denoise)),
        bytes=other.memory.inference.peak - first.memory.inference.peak,
        weights=peaks[0].weights - peaks[1].weights,
        activations=peaks[0].activations - peaks[1].activations,
        other=peaks[0].other - peaks[1].other,
    )


def _of_a_call(report: Report) -> float:
    """FLOPs of one of the denoiser's calls, the mean of all."""
    return _over(report.compute.flops_denoise, report.compute.denoiser_calls)


def _over(one: float, other: float) -> float:
    return one / other if other else 0.0
