"""`vidcalc validate` prints every row and the summary, in both languages, and refuses a file that is no table."""

import json

import pytest

HEADER = (
    "id,model,width,height,frames,steps,cfg,gpu,n_gpus,offload,peak_mem_gb,mem_unit_note,time_s,time_scope,source\n"
)
ROWS = (
    "one,Wan2.1-T2V-14B,1280,720,81,50,yes,H100,1,--offload_model True,69.1,,1837.9,end-to-end,Wan-Video/Wan2.1\n"
    "two,Wan2.1-T2V-14B,1280,720,,50,yes,H100,1,,69.1,,1837.9,end-to-end,\n"
)


@pytest.fixture
def measured(tmp_path):
    path = tmp_path / "measured.csv"
    path.write_text(HEADER + ROWS)
    return str(path)


def test_every_row_and_the_summary_are_printed(ask, measured):
    out = ask("validate", measured).out
    assert "69.1 GiB" in out
    assert "the number of frames is not stated" in out
    assert "1 of 2 rows predicted" in out
    assert "행 2개 중 1개를 예측" in ask("validate", measured, "--lang", "ko").out


def test_json_is_one_object(ask, measured):
    told = json.loads(ask("validate", measured, "--json").out)
    assert [row["status"] for row in told["rows"]] == ["predicted", "unmapped"]
    assert told["rows"][1]["reason"] == "no_frames"


def test_a_wrong_file_is_one_line_and_exit_code_2(ask):
    refused = ask("validate", "nothing.csv")
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert "nothing.csv" in refused.err


def test_gpus_share_a_video_as_parallel_says(ask):
    base = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "h100-sxm", "--json")
    alone = json.loads(ask(*base).out)
    shared = json.loads(ask(*base, "--parallel", "ulysses=4,cfg=2").out)
    assert shared["hardware"]["count"] == 8
    assert shared["time"]["inference"]["denoise"] < alone["time"]["inference"]["denoise"] / 6
    for wrong, text in (("ulysses=3", "nearest: ulysses=2"), ("ulises=2", "nearest: ulysses=2"), ("cfg", "ulysses=4")):
        refused = ask("estimate", "-m", "wan2.1-t2v-14b", "--parallel", wrong)
        assert refused.code == 2
        assert text in refused.err
    every = json.loads(ask(*base, "--parallel", "ulysses=3").out)["error"]["allowed"]
    assert every[-1] == "ulysses=40"  # of its heads; the line has the beginning of the list


TRAINING = (
    "id,model,mode,width,height,frames,batch_per_gpu,gpu,n_gpus,parallelism,optimizer,precision,checkpointing,"
    "precomputed_latents,lora_rank,offload,peak_mem_gb,mem_note,time,time_note,source\n"
    "one,Wan2.1-T2V-1.3B,lora,832,480,81,1,H100,1,single GPU,AdamW,bf16,full,yes,16,none,20,GiB reserved,3.0,s/step,\n"
    "two,Wan2.1-T2V-14B,full-ft,832,480,81,1,RTX 4090,1,single GPU,AdamW,bf16,none,yes,,none,,OOM,,,\n"
    "three,Wan2.1-T2V-14B,lora,832,480,,1,H100,1,single GPU,AdamW,bf16,full,yes,16,none,20,GiB,,,\n"
)


def test_training_runs_are_printed_with_their_bounds(ask, tmp_path):
    path = tmp_path / "training.csv"
    path.write_text(TRAINING)
    out = " ".join(ask("validate", str(path)).out.split())
    assert "2 of 3 rows predicted" in out
    assert "1 of 1 predictions on that side" in out
    assert "the number of frames is not stated" in out
    korean = ask("validate", str(path), "--lang", "ko").out
    assert "예측 1개 중 1개가 맞습니다" in korean
    told = json.loads(ask("validate", str(path), "--json").out)
    assert told["rows"][1]["bound"]["right"] is True
    assert told["summary"]["by_bound"]["oom"]["rows"] == 1
