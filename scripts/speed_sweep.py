"""How fast sweeps are: rows a second and core, a million mixed rows to Parquet, a hundred million to a front.

    python scripts/speed_sweep.py [models] [million] [front]      all of them where none is named

models   eight models on a grid of sizes x lengths, every column of a row, what is reserved by share: CPU seconds of the
         rows alone once their formulas are made, of all, and beside them the same rows as one pass of arrays
million  20 models x 10 GPUs x 2 ways of offloading x 50 sizes x 50 lengths into one Parquet file: a whole process
front    100,000,000 rows reduced to a front of cost and seconds: a whole process

Times are CPU seconds of this machine, which others may share: compare what stands in one run.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

MODELS = (
    "wan2.1-t2v-14b", "hunyuanvideo-t2v", "ltx-2", "mochi-1-preview", "cosmos3-nano", "cogvideox-5b", "svd",
    "animatediff-sd15-v3",
)  # fmt: skip
MIXED = (
    *MODELS, "wan2.1-t2v-1.3b", "wan2.2-ti2v-5b", "wan2.2-t2v-a14b", "ltx-video-2b", "ltx-video-13b", "ltx-2.3",
    "hunyuanvideo-1.5", "cosmos-predict2-2b", "cosmos-predict2.5-14b", "longcat-video", "kandinsky5-lite",
    "skyreels-v2-df-14b",
)  # fmt: skip
GPUS = (
    "h100-sxm", "h200", "b200", "a100-sxm-80gb", "l40s", "rtx-4090", "rtx-5090", "rtx-3090", "rtx-6000-ada", "mi300x",
)  # fmt: skip
SIZES = [f"{16 * width}x{16 * height}" for width in range(20, 80, 6) for height in range(20, 70, 10)]
LENGTHS = "17:409:8"  # 50
COMMAND = "from vidcalc.faces.cli import main; main()"


def model(name: str) -> tuple[float, float, float]:
    """Rows a CPU second of a model: of rows alone, with the making of formulas, and as arrays."""
    from vidcalc.faces.sweeping import asked as asked_for
    from vidcalc.faces.sweeping.asked import Asked
    from vidcalc.search.sweeps.columns import COLUMNS

    sizes = [f"{16 * width}x{16 * height}" for width in range(20, 80) for height in range(20, 70)]
    given = {"model": name, "gpu": "h100-sxm", "resolution": sizes, "frames": LENGTHS}
    rates = []
    for few, some in ((0, None), (10**12, sizes[:40])):
        asked_for.FEW = few
        asked = Asked(given | ({"resolution": some} if some else {}), tuple(COLUMNS), reserve="share")
        rows, start = 0, time.process_time()
        first, begun = 0, start
        for number in range(asked.parts):
            for block in asked.blocks(asked.part(number), Counter()):
                rows += block.rows
                if not first:
                    first, begun = block.rows, time.process_time()
        end = time.process_time()
        if not some:
            rates.append((rows - first) / (end - begun))
        rates.append(rows / (end - start))
    return rates[0], rates[1], rates[2]


def process(*flags: str) -> tuple[float, float, float, str]:
    """(wall seconds, CPU seconds, peak resident bytes, last line) of a sweep as a process of its own."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "sweep", *flags],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent, after.ru_maxrss * 1024, done.stdout.strip().splitlines()[-1]


def models() -> None:
    """A line for each model."""
    print(f"{'rows a CPU second':<24}{'rows alone':>14}{'with formulas':>16}{'as arrays':>14}")
    alone = []
    for name in MODELS:
        rates = model(name)
        alone.append(rates[0])
        print(f"{name:<24}{rates[0]:>14,.0f}{rates[1]:>16,.0f}{rates[2]:>14,.0f}", flush=True)
    alone.sort()
    print(f"{'median, least':<24}{(alone[3] + alone[4]) / 2:>14,.0f}{alone[0]:>16,.0f}")


def million() -> None:
    """A million mixed rows into Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        wall, cpu, peak, line = process(
            *("-m", ",".join(MIXED), "--gpu", ",".join(GPUS), "--offload", "none,group"),
            *("-r", ",".join(SIZES), "-f", LENGTHS, "-o", str(path)),
        )
        size = path.stat().st_size
    kept = f"{peak / 2**20:,.0f} MiB resident, file {size / 2**20:,.0f} MiB"
    print(f"million: {wall:.1f} s, {cpu:.1f} CPU s, {kept}: {line}")


def front() -> None:
    """A hundred million rows to a front."""
    wall, cpu, peak, line = process(
        *("-m", "wan2.1-t2v-14b,ltx-2", "--gpu", ",".join(GPUS), "-r", ",".join(SIZES), "-f", LENGTHS),
        *("-s", "4:50", "--price", "0.5:2.58:0.05", "--pareto", "cost,seconds"),
    )
    print(f"front: {wall:.1f} s, {cpu:.1f} CPU s, {peak / 2**20:,.0f} MiB resident: {line}")


PARTS = {"models": models, "million": million, "front": front}


def main() -> None:
    """The parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="models|million|front")
    for name in parser.parse_args().parts or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
