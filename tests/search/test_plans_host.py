"""A search for a plan keeps within the machine's host memory where that is stated."""

import json

JOB = ("plan", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--gpus", "4", "--mode", "lora", "--try", "offload")


def asked(capsys, *more):
    from vidcalc.faces.cli import run, vidcalc

    code = run(vidcalc, "vidcalc", [*JOB, *more, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_best_plan_fits_the_machine_too(capsys):
    found = {}
    for ram in ("512GB", "48GB"):
        code, found[ram] = asked(capsys, "--host-ram", ram)
        assert code == 0
        assert all(row["verdict"] != "too_big" for row in (*found[ram]["best"], *found[ram]["front"]))
        # every process of a machine holds its own, beside the system
        room = (int(ram[:-2]) - 2) * 2**30
        assert all(4 * row["host_ram"] <= room for row in found[ram]["best"])
    assert found["48GB"]["counts"][0]["fitting"] < found["512GB"]["counts"][0]["fitting"]
    assert found["48GB"]["best"][0]["seconds"] >= found["512GB"]["best"][0]["seconds"]


def test_without_a_stated_amount_nothing_is_kept_back(capsys):
    unstated, ample = (asked(capsys, *more)[1]["best"] for more in ((), ("--host-ram", "4096GB")))
    for row in ample:  # what was said is part of the command alone
        row["command"] = row["command"].replace(" --host-ram 4096GiB", "")
    assert unstated == ample
