"""What a reader does first: a model and a card give a verdict; a slider, a fix, a refusal, a link change it."""

import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser

WAN = "#v1:model=wan2.1-t2v-14b&gpu=rtx-4090"
TOGETHER = 15_000  # ms: machines that test are busy


def verdict(page, says):
    page.wait_for_function("says => document.querySelector('.verdict h2')?.textContent.includes(says)", arg=says)
    return page.text_content(".verdict h2")


def ours(*words):
    command = [sys.executable, "-c", "from vidcalc.faces.cli import main; main()", *words, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_the_first_answer_is_that_of_the_command_line(look, shot):
    page = look(WAN)
    verdict(page, "oes not fit")
    shot(page)
    report = ours("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090")
    peak = report["memory"]["inference"]["device"] / 2**30
    assert page.text_content(".tiles b >> nth=0") == f"{peak:.1f} GiB"
    bars = page.locator(".bars >> nth=0").locator(".bar .number")
    assert bars.count() == len(report["memory"]["inference"]["stages"])


def test_a_model_and_a_card_are_found_by_typing(look):
    page = look(WAN)
    page.get_by_role("combobox", name="Model").click()
    page.keyboard.type("Lightricks ltx-video 2b")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.verdict p').textContent.includes('LTX-Video 2B')")
    page.get_by_role("combobox", name="GPU").click()
    page.keyboard.type("h100 sxm")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.verdict p').textContent.includes('H100 SXM')")
    assert "gpu=h100-sxm" in page.url and "model=ltx-video-2b" in page.url


def test_a_fix_is_applied_by_its_button_and_taken_back_by_the_browser(look, shot):
    page = look(WAN)
    page.wait_for_selector(".changes button")
    page.click(".changes button >> nth=0")
    verdict(page, "its")
    page.wait_for_selector(".verdict.fits")
    shot(page)
    page.go_back()
    page.wait_for_selector(".verdict.too_big")


def test_frames_answer_while_one_drags(look):
    page = look("#v1:model=wan2.1-t2v-1.3b&gpu=rtx-4090")
    page.wait_for_selector(".tiles b")
    before = page.text_content(".tiles li:nth-child(2) b")
    page.get_by_role("slider", name="Frames").focus()
    for _press in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.tiles li:nth-child(2) b').textContent !== before", arg=before
    )
    assert "frames=101" in page.url


def test_what_is_refused_says_why_and_offers_the_nearest(look, shot):
    page = look("#v1:model=wan2.1-t2v-14b&gpu=rtx-4090&precision=fp88")
    page.wait_for_selector(".refused")
    shot(page)
    assert "--precision" in page.text_content(".refused p")
    page.click(".refused button")
    page.wait_for_selector(".verdict h2")


@pytest.mark.parametrize("tile", range(6))
def test_every_number_opens_its_explanation(look, tile):
    page = look(WAN)
    page.click(f".tiles button >> nth={tile}")
    page.wait_for_selector(".explain .value")
    assert page.locator(".explain code, .explain details").count()
    page.keyboard.press("Escape")
    page.wait_for_selector(".explain", state="detached")


def test_bars_open_the_explanation_of_their_stage(look):
    page = look(WAN)
    page.click(".bars >> nth=0 >> .number >> nth=2")
    page.wait_for_selector(".explain .value")
    assert re.search(r"[\d.]+ GiB", page.text_content(".explain .value"))


def test_curves_take_a_value_and_stand_in_a_table(look):
    page = look(WAN)
    page.wait_for_selector(".plot canvas")
    for axis in ("Width", "GPUs", "Steps", "Frames"):
        page.click(f".curves .chip:text-is('{axis}')")
        page.wait_for_function("name => document.querySelector('.curves thead th').textContent === name", arg=axis)
    page.click(".curves summary")
    page.wait_for_selector(".curves tbody tr")
    page.click(".curves tbody button >> nth=0")
    page.wait_for_function("location.hash.includes('frames=')")


def test_four_questions_stand_side_by_side(look, shot):
    page = look(WAN)
    page.wait_for_selector(".verdict h2")
    for frames in (33, 49, 65):
        page.get_by_role("button", name="Keep this one").click()
        box = page.get_by_label("Frames").last
        box.fill(str(frames))
        box.press("Enter")
    page.wait_for_function("document.querySelectorAll('.beside thead th').length === 4")
    page.wait_for_function("!document.querySelector('.beside table').textContent.includes('…')")
    shot(page)
    assert page.url.count(".beside=") == 3
    page.reload()
    page.wait_for_function("document.querySelectorAll('.beside thead th').length === 4")
    page.get_by_role("button", name="Remove").first.click()
    page.wait_for_function("document.querySelectorAll('.beside thead th').length === 3")


def test_training_answers_with_buckets(look, shot):
    page = look("#v1:model=wan2.1-t2v-1.3b&gpu=rtx-4090&mode=lora&checkpointing=full&.tab=train")
    verdict(page, "its")
    shot(page)
    report = ours("train", "-m", "wan2.1-t2v-1.3b", "--gpu", "rtx-4090", "--mode", "lora", "--checkpointing", "full")
    assert page.text_content(".tiles b >> nth=0") == f"{report['memory']['peak'] / 2**30:.2f} GiB"
    assert page.locator("table tbody tr").count() == len(report["buckets"])


def test_fit_finds_clips_and_takes_one(look, shot):
    page = look("#v1:model=ltx-video-2b&gpu=rtx-4060&.tab=find")
    page.locator(".search").first.get_by_role("button", name="Search").click()
    page.wait_for_selector(".search tbody tr", timeout=60_000)
    shot(page)
    first = page.locator(".search tbody tr").first
    told = first.locator("td").nth(0).text_content()
    page.click(".search tbody button >> nth=0")
    page.wait_for_function("location.hash.includes('frames=')")
    for setting in filter("–".__ne__, told.split(", ")):  # what the row says is what is asked now
        name, _space, value = setting.partition(" ")
        assert f"{name.replace('-', '_')}={value}" in page.evaluate("decodeURIComponent(location.hash)")


def test_plans_of_many_cards_are_searched_for(look, shot):
    page = look("#v1:model=wan2.1-t2v-1.3b&gpu=h100-sxm&gpus=8&.tab=train")
    page.wait_for_selector(".verdict h2")
    page.get_by_role("button", name="Search").click()
    page.wait_for_selector(".changes button", timeout=120_000)
    shot(page)
    assert "8 GPUs" in page.text_content(".changes code >> nth=0")
    took = page.text_content(".changes .figure >> nth=1")
    page.click(".changes button >> nth=0")
    page.wait_for_function("location.hash.includes('parallel=')")
    page.wait_for_function("took => document.querySelector('.tiles').textContent.includes(took)", arg=took)
    shot(page, "-taken")
