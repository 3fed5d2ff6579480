"""Everyone reads the page: Korean, dark, a phone, the keyboard alone, a screen reader, no scripts."""

import pytest

pytestmark = pytest.mark.browser

WAN = "#v1:model=wan2.1-t2v-14b&gpu=rtx-4090"
TRAIN = "#v1:model=wan2.1-t2v-1.3b&gpu=rtx-4090&mode=lora&checkpointing=full&.tab=train"
FIND = "#v1:model=ltx-video-2b&gpu=rtx-4090&.tab=find"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("wide", [360, 1360])
@pytest.mark.parametrize("fragment", [WAN, TRAIN, FIND], ids=["generate", "train", "find"])
def test_axe_finds_nothing(look, axe, shot, fragment, wide, dark):
    page = look(fragment, wide=wide, dark=dark)
    page.wait_for_selector(".sections > section" if fragment == FIND else ".verdict h2")
    page.wait_for_timeout(400)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    shot(page)
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]] == []


def test_an_explanation_is_open_to_a_screen_reader(look, axe):
    page = look(WAN)
    page.click(".tiles button >> nth=1")
    page.wait_for_selector(".explain .value")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"]] == []


@pytest.mark.parametrize("fragment", [WAN, TRAIN, FIND], ids=["generate", "train", "find"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_phone_needs_no_sideways_scrolling(look, fragment, lang):
    page = look(fragment, wide=360, high=740, lang=lang)
    page.wait_for_selector(".sections > section")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_korean_is_spoken_everywhere(look, shot):
    page = look(WAN, lang="ko")
    page.wait_for_selector(".verdict h2")
    page.wait_for_selector(".changes")
    shot(page)
    assert page.evaluate("document.documentElement.lang") == "ko"
    found = page.locator("h3, .tiles .title, .field > label, nav button").all()
    titles = [each.text_content() for each in found if each.is_visible()]
    assert len(titles) > 15
    left = [each for each in titles if not any("가" <= letter <= "힣" for letter in each)]
    assert set(map(str.strip, left)) <= {"GPU", "VRAM", "Offload"}
    page.get_by_role("button", name="English").click()
    page.wait_for_function("document.querySelector('nav button').textContent === 'Generate'")


def test_the_keyboard_alone_reaches_and_changes_everything(look):
    page = look(WAN)
    page.wait_for_selector(".changes button")
    reached = set()
    for _press in range(90):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.className || document.activeElement.tagName) + ''"))
    for wanted in ("chip", "number", "quiet", "INPUT", "SELECT", "small"):
        assert any(wanted in each for each in reached), wanted
    page.get_by_role("combobox", name="Model").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("hunyuanvideo-t2v")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.verdict p').textContent.includes('HunyuanVideo')")
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".menu:not([hidden])")
    page.keyboard.press("Escape")
    page.wait_for_selector(".menu", state="hidden")


def test_without_scripts_the_first_answer_is_readable(look, shot):
    page = look("?q=v1:model=wan2.1-t2v-14b%26gpu=rtx-4090", scripts=False)
    shot(page)
    text = page.inner_text("body")
    assert "Wan2.1-T2V-14B" in text and "GiB" in text


def test_the_page_keeps_the_policy_of_its_server(look):
    page = look(WAN, strict=True)
    page.wait_for_selector(".plot canvas")
    page.click(".tiles button >> nth=0")
    page.wait_for_selector(".explain .value")


def test_nothing_jumps_after_the_first_numbers(look):
    page = look(WAN)
    page.wait_for_selector(".verdict h2")
    page.wait_for_timeout(1500)
    shifts = page.evaluate(
        """() => new Promise(done => {
            let sum = 0;
            const add = each => { if (!each.hadRecentInput) sum += each.value };
            new PerformanceObserver(list => list.getEntries().forEach(add))
                .observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => done(sum), 100);
        })"""
    )
    assert shifts <= 0.1
