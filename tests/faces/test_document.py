"""The documented calculator works as its document says: every command line, every default, every preset."""

import json
import shlex

import pytest

from vidcalc.faces.calculator import calculator
from vidcalc.faces.flags.inputs import PRESETS
from vidcalc.faces.requests.estimate import request

# as they stand in the document
EXAMPLES = """
python scripts/calculator.py --params 3B --resolution 1080p --frames 120
python scripts/calculator.py --params 8B --resolution 4k --frames 240 --steps 50
python scripts/calculator.py --params 600M --resolution 1920x1080 --frames 60 --fps 30
python scripts/calculator.py --params 3B --resolution 1080p --frames 120 --json
python scripts/calculator.py --help
""".strip().splitlines()

# flag: (documented default, documented examples)
FLAGS = {
    "--fps": ("24", ("24", "30", "60")),
    "--steps": ("30", ("20", "30", "50")),
    "--latent-channels": ("16", ("4", "16")),
    "--patch-size": ("2", ("1", "2", "4")),
    "--precision": ("bf16", ("fp32", "fp16", "bf16")),
    "--batch-size": ("1", ("1", "2", "4")),
    "--vae-params": ("83M", ("83M", "200M")),
}
SHORT = {"-p": "--params", "-r": "--resolution", "-f": "--frames", "-s": "--steps", "-b": "--batch-size"}
BASE = ("-p", "600M", "-r", "480p", "-f", "16")


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_documented_command_line_runs(line, spawn):
    done = spawn(*shlex.split(line)[1:])
    assert done.code == 0, done.err
    assert done.err == ""
    assert done.out.strip()


def test_the_flags_are_the_documented_ones_with_model_and_language_beside(ask):
    names = {name for param in calculator().params for name in param.opts}
    documented = {"--params", "--resolution", "--frames", "--json", "--help", *FLAGS, *SHORT}
    assert names == documented | {"-m", "--model", "--lang", "--currency"}


@pytest.mark.parametrize("short", SHORT)
def test_short_flags_stand_for_the_long_ones(short):
    assert any({short, SHORT[short]} <= set(param.opts) for param in calculator().params)


@pytest.mark.parametrize(("flag", "value"), [(flag, value) for flag, (_, values) in FLAGS.items() for value in values])
def test_documented_values_are_taken_and_the_default_is_the_documented_one(flag, value, ask):
    given = ask(*BASE, "--json", flag, value, program="calculator.py")
    assert given.code == 0, given.err
    if value == FLAGS[flag][0]:
        assert given.out == ask(*BASE, "--json", program="calculator.py").out


def test_presets_are_the_documented_sizes(ask):
    documented = {"480p": "854x480", "720p": "1280x720", "1080p": "1920x1080", "2k": "2560x1440", "4k": "3840x2160"}
    assert {name: f"{width}x{height}" for name, (width, height) in PRESETS.items()} == documented
    for name, size in documented.items():
        by_name = ask("-p", "600M", "-r", name, "-f", "16", "--json", program="calculator.py")
        assert by_name.out == ask("-p", "600M", "-r", size, "-f", "16", "--json", program="calculator.py").out


def test_latent_space_and_sequence_follow_the_document(ask):
    """frames/4, height/8, width/8, and the patch over them, at a size that divides evenly."""
    found = json.loads(ask("-p", "3B", "-r", "1920x1088", "-f", "120", "--json", program="calculator.py").out)
    assert found["latent"] == {"channels": 16, "frames": 120 // 4, "height": 1088 // 8, "width": 1920 // 8}
    assert found["sequence"]["video_tokens"] == (1088 // 8 // 2) * (1920 // 8 // 2) * (120 // 4)


def test_a_grid_that_does_not_divide_is_padded_with_a_note(ask):
    found = json.loads(ask("-p", "3B", "-r", "1080p", "-f", "120", "--json", program="calculator.py").out)
    note = next(warning for warning in found["warnings"] if warning["id"] == "illegal_height")
    assert note["values"]["value"] == 1080
    assert note["values"]["lower"] < 1080 < note["values"]["upper"]
    report = ask("-p", "3B", "-r", "1080p", "-f", "120", program="calculator.py").out
    assert "1,072" in report
    assert "1,088" in report


def test_the_documents_figure_stands_beside_the_networks(ask):
    """2 × params × seq + 4 × seq² × hidden_dim, under its own name, and a sentence why the network's is larger."""
    found = json.loads(ask("-p", "3B", "-r", "1080p", "-f", "120", "--json", program="calculator.py").out)["compute"]
    formula = found["documented"]
    sequence = (1080 / 8 / 2) * (1920 / 8 / 2) * (120 / 4)
    assert formula["flops_per_step"] == 2 * 3e9 * sequence + 4 * sequence**2 * formula["hidden_dim"]
    assert found["flops_per_step"] > formula["flops_per_step"]
    report = ask("-p", "3B", "-r", "1080p", "-f", "120", program="calculator.py").out
    assert "counts attention once" in " ".join(report.split())


def test_the_report_names_everything_the_document_promises(ask):
    report = ask("-p", "3B", "-r", "1080p", "-f", "120", program="calculator.py").out
    promised = ("Latent", "Sequence", "per step", "per video", "Model weights", "VAE", "Optimizer states", "Gradients")
    for words in (*promised, "Activations", "GPU time", "Training, 1,000 steps", "A100"):
        assert words in report


def test_the_default_plan_is_the_documented_precision_without_guidance():
    asked = request({"params": 3 * 10**9, "resolution": (1920, 1080), "frames": 120})
    assert asked.plan.precision == "bf16"
    assert (asked.plan.guidance_mode, asked.plan.forwards_per_step) == ("none", 1)
    assert (asked.workload.fps, asked.workload.steps, asked.workload.batch) == (24, 30, 1)


def test_a_model_by_name_takes_its_own_defaults(ask):
    found = json.loads(ask("-m", "wan2.1-t2v-14b", "--json", program="calculator.py").out)
    assert found["model"]["name"] == "wan2.1-t2v-14b"
    assert found["workload"]["steps"] == 50
    for name in ("sora", "pika", "stable-video", "runway-gen-3-alpha"):
        flagged = json.loads(ask("-m", name, "--json", program="calculator.py").out)
        assert flagged["model"]["provenance"] == "estimate"
        assert any(warning["id"] == "estimate_only" for warning in flagged["warnings"])


def test_the_script_works_without_the_package_installed(spawn):
    """From a checkout, with every other path to the package closed."""
    code = """
import runpy, sys
sys.path[:] = [path for path in sys.path if not path.rstrip("/").endswith("src")]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.argv = ["scripts/calculator.py", "-p", "600M", "-r", "480p", "-f", "16", "--json"]
runpy.run_path("scripts/calculator.py", run_name="__main__")
"""
    done = spawn("-c", code)
    assert done.code == 0, done.err
    assert json.loads(done.out)["schema"] == "vidcalc.report/1"
