"""What is taken along: links that keep working, the command, code, JSON, files; and files that are read."""

import json
import shlex

import pytest

pytestmark = pytest.mark.browser

WAN = "#v1:model=wan2.1-t2v-14b&gpu=rtx-4090&frames=49"


def shared(page, name):
    page.wait_for_selector(".verdict h2")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name=name).click()
    page.wait_for_function("document.querySelector('.menu [role=status]').textContent === 'Copied.'")
    return page.evaluate("navigator.clipboard.readText()")


def test_the_link_opens_the_same_question(look):
    page = look(WAN)
    link = shared(page, "Copy link")
    other = look("#" + link.partition("#")[2])
    other.wait_for_selector(".verdict h2")
    assert other.text_content(".verdict") == page.text_content(".verdict")


def test_a_link_of_the_first_version_keeps_working(look):
    page = look("#v1:model=ltx-video-2b&gpu=rtx-4060&offload=group&vae_tiling=default&frames=97&.beside=v1:model%3Dsvd")
    page.wait_for_selector(".verdict h2")
    assert "97 frames" in page.text_content(".verdict p")
    assert page.locator(".beside thead th").count() == 2


def test_the_command_and_the_json_say_what_the_page_says(look):
    page = look(WAN)
    command = shlex.split(shared(page, "Copy as command"))
    assert command[:2] == ["vidcalc", "estimate"]
    assert command[2:] == ["--model", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--frames", "49"]
    page.keyboard.press("Escape")
    report = json.loads(shared(page, "Copy as JSON"))
    assert report["workload"]["frames"] == 49


def test_code_for_diffusers_is_a_script(look):
    code = shared(look(WAN), "Copy as diffusers code")
    compile(code, "script.py", "exec")
    assert "num_frames=49" in code


@pytest.mark.parametrize(("name", "begins"), [("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"stage,")])
def test_files_are_saved(look, tmp_path, name, begins):
    page = look(WAN)
    page.wait_for_selector(".verdict h2")
    page.get_by_role("button", name="Share").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download {name}").click()
    download.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes().startswith(begins)
