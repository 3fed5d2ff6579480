"""A run loads only what it needs: no NumPy for one estimate, nothing that draws for --json, no engine for help."""

import pytest

HEAVY = ("numpy", "torch", "polars", "diffusers", "transformers")
ENGINE = ("vidcalc.calculate", "vidcalc.tape", "vidcalc.networks")
JOBS = (("-p", "3B", "-r", "1080p", "-f", "120"), ("-m", "wan2.1-t2v-14b"))


def loaded(spawn, *arguments):
    """The modules a command leaves in sys.modules."""
    code = (
        "import sys; sys.path.insert(0, 'src'); from vidcalc.faces.cli import run, vidcalc; "
        f"code = run(vidcalc, 'vidcalc', {list(arguments)!r}); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = spawn("-c", code)
    assert done.code == 0, done.err
    return set(done.err.split())


@pytest.mark.parametrize("job", JOBS)
def test_json_loads_nothing_that_draws(job, spawn):
    modules = loaded(spawn, "estimate", *job, "--json")
    assert modules.isdisjoint(("statistics", "fractions", "vidcalc.rates.kernels"))
    assert modules.isdisjoint((*HEAVY, "rich", "vidcalc.faces.terminal.report", "vidcalc.derivation"))


@pytest.mark.parametrize("job", JOBS)
def test_a_report_needs_no_numpy(job, spawn):
    assert loaded(spawn, "estimate", *job).isdisjoint(HEAVY)


@pytest.mark.parametrize("page", [("--help",), ("estimate", "--help"), ("--version",)])
def test_help_loads_no_engine(page, spawn):
    assert loaded(spawn, *page).isdisjoint((*HEAVY, *ENGINE, "rich"))


def test_one_model_does_not_load_the_families_of_others(spawn):
    families = {name for name in loaded(spawn, "estimate", *JOBS[1], "--json") if name.startswith("vidcalc.networks.")}
    assert "vidcalc.networks.transformers.wan" in families
    assert not any("unet" in name or "cogvideox" in name or "hunyuan" in name for name in families)
