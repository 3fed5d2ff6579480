"""The shell completes commands, flags and values; for bash both doors say the same words."""

import pytest

from vidcalc.faces.light import door
from vidcalc.faces.light.world import World

MAIN = ("-c", "import sys; sys.path.insert(0, 'src'); from vidcalc.faces.cli import main; main()")
ASKED = [
    ("est", "estimate"),
    ("", "models"),
    ("estimate -m wan2.1-t2v-1", "wan2.1-t2v-14b"),
    ("estimate --gpu h100", "h100-sxm"),
    ("estimate -m wan2.1-t2v-14b --prec", "--precision"),
    ("estimate --precision fp8", "fp8-scaled"),
    ("estimate --offload gr", "group-leaf"),
    ("estimate --framework dif", "diffusers"),
    ("train --optimizer adam", "adamw"),
    ("gpus --sort ", "bandwidth"),
    ("--ver", "--version"),
]


def asked(line, shell):
    """The environment in which a shell asks for what may stand at the end of a line."""
    words = ["vidcalc", *line.split(" ")]
    place = words[-1] if shell == "fish" else str(len(words) - 1)
    return {"_VIDCALC_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": place}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("line", "word"), ASKED)
def test_a_shell_is_told_the_words_that_may_stand_next(line, word, shell, spawn):
    done = spawn(*MAIN, VIDCALC_LIGHT="0", **asked(line, shell))
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    said = lines[1::3] if shell == "zsh" else [each.partition(",")[2].partition("\t")[0] for each in lines]
    assert word in said
    assert all(each.startswith(line.split(" ")[-1]) for each in said)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_script(shell, spawn):
    done = spawn(*MAIN, _VIDCALC_COMPLETE=f"{shell}_source")
    assert done.code == 0 and "_vidcalc_completion" in done.out


@pytest.mark.parametrize("line", [*(line for line, _ in ASKED), "models --", "estimate --json -", "estimate -r "])
def test_both_doors_tell_bash_the_same(line, copy, spawn):
    environment = asked(line, "bash")
    world = World(door.built, door.home)
    door.complete(world, environment)
    assert "".join(world.said) == spawn(*MAIN, VIDCALC_LIGHT="0", **environment).out


@pytest.mark.parametrize(
    "line", ["estimate --gpu=h1", "explain comp", "nothing x", "estimate --nothing x", "chain 'ltx"]
)
def test_what_is_not_plain_is_left_to_click(line, copy):
    with pytest.raises(Exception) as left:
        door.complete(World(door.built, door.home), asked(line, "bash"))
    assert type(left.value).__name__ == "Unplain"
