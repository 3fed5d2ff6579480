"""What is taken along: links that keep working, the command, code, JSON, files; and files that are read."""

import csv
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


def test_what_is_taken_along_of_a_training_run_is_of_the_run(look, tmp_path):
    page = look("#v1:model=wan2.1-t2v-1.3b&gpu=rtx-4090&mode=lora&checkpointing=full&.tab=train")
    page.wait_for_selector(".tiles")
    page.get_by_role("button", name="Share").click()
    saved = {}
    for name in ("SVG", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {name}").click()
        download.value.save_as(tmp_path / name)
        saved[name] = (tmp_path / name).read_text("utf-8")
    rows = {row["stage"]: row for row in csv.DictReader(saved["CSV"].splitlines())}
    assert float(rows["total"]["total_bytes"]) == max(
        float(row["total_bytes"]) for row in rows.values() if row["total_bytes"] and row["stage"] != "total"
    )
    assert float(rows["forward_backward"]["states_bytes"]) > 0 and float(rows["step.backward"]["seconds"]) > 0
    assert rows["forward_backward"]["label"] in saved["SVG"] and "Denois" not in saved["SVG"]


OUT_OF_MEMORY = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. "
    "GPU 0 has a total capacity of 23.64 GiB of which 1.10 GiB is free."
)
DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    dispatchEvent(new DragEvent('dragover', { dataTransfer: data, cancelable: true }));
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
}"""


def test_an_out_of_memory_message_dropped_on_the_page_names_the_card(look):
    page = look("#v1:model=cogvideox-5b&gpu=rtx-3060")
    page.wait_for_selector(".verdict h2")
    page.evaluate(DROP, ["oom.txt", OUT_OF_MEMORY])
    page.wait_for_function("!location.hash.includes('rtx-3060')")
    page.wait_for_function("document.querySelector('.verdict p').textContent.includes('RTX')")


def test_a_configuration_is_read_by_the_button(look, tmp_path):
    page = look("#v1:model=svd")
    page.wait_for_selector(".verdict h2")
    config = tmp_path / "config.json"
    config.write_text('{"_class_name": "CogVideoXTransformer3DModel", "num_layers": 42, "num_attention_heads": 48}')
    page.set_input_files("input[type=file]", str(config))
    page.wait_for_function("!location.hash.includes('model=svd')", timeout=20_000)
    assert "cogvideox" in page.url


def test_a_file_that_says_nothing_is_refused_in_words(look):
    page = look(WAN)
    page.wait_for_selector(".verdict h2")
    before = page.url
    page.evaluate(DROP, ["notes.json", "[1, 2, 3]"])
    page.wait_for_function("document.querySelector('.drop [role=status]').textContent.length > 10")
    assert page.url == before
