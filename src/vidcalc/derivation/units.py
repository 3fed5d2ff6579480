"""The units of a report's numbers, by their paths: the first pattern that fits says it."""

from vidcalc.derivation.leaves import matches

UNITS: tuple[tuple[str, str], ...] = (
    ("*tokens", "token"),
    ("*sequence", "token"),
    ("sequence.total", "token"),
    ("compute.*share", ""),
    ("compute.*ratio", ""),
    ("compute.*flops*", "FLOP"),
    ("compute.parts.*", "FLOP"),
    ("buckets.*flops*", "FLOP"),
    ("run.flops", "FLOP"),
    ("model.components.*.bytes", "byte"),
    ("hardware.capacity", "byte"),
    ("memory.*.relief.*seconds", "s"),
    ("memory.*.relief.*slower", "s"),
    ("memory.peak_bucket", ""),
    ("memory.*", "byte"),
    ("buckets.*.kept_for_backward", "byte"),
    ("buckets.*peak", "byte"),
    ("buckets.*.host", "byte"),
    ("buckets.*.samples_per_second", "1/s"),
    ("buckets.*.seconds*", "s"),
    ("buckets.*.low", "s"),
    ("buckets.*.high", "s"),
    ("buckets.*.parts.*", "s"),
    ("time.*gpu_hours", "h"),
    ("time.*steps", ""),
    ("time.*mfu", ""),
    ("time.*hfu", ""),
    ("time.*_per_second", "1/s"),
    ("time.*", "s"),
    ("run.encode_seconds", "s"),
    ("run.read_rate", "byte/s"),
    ("run.latents", "byte"),
    ("run.texts", "byte"),
    ("run.checkpoint*", "byte"),
    ("cost.*", "USD"),
    ("energy.pue", ""),
    ("energy.power.*", "W"),
    ("energy.carbon*", "g"),
    ("energy.electricity*", "USD"),
    ("energy.*", "J"),
    ("throughput.per_gpu_hour.*", "1/h"),
    ("throughput.target_rate", "1/h"),
    ("throughput.cost_per_hour.*", "USD"),
)


def unit(path: str) -> str:
    """The unit of the number at a path, "" for a plain one."""
    return next((name for pattern, name in UNITS if matches(pattern, path)), "")
