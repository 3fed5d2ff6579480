"""`vidcalc site`: the same sources give the same bytes; what cannot be written is refused in one line."""

import io
import zipfile

import pytest

from vidcalc.faces.commands.site import site as asked
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.web import site


def test_a_package_is_packed_without_what_no_browser_runs():
    packed = site._packed("click")
    assert packed == site._packed("click")
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert "click/core.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_without_the_page_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(site, "PACKAGE", "vidcalc_web_of_nobody")
    with pytest.raises(site.NoPage):
        next(site.files())
    with pytest.raises(Refused) as refused:
        asked("somewhere")
    assert (refused.value.flag, refused.value.expects) == ("site", "needs the page; install vidcalc-web")


def test_a_folder_that_cannot_be_written_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "files", lambda: iter([("index.html", b"")]))
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Refused) as refused:
        asked(str(blocked))
    assert (refused.value.flag, refused.value.value) == ("FOLDER", str(blocked))


def test_the_question_of_an_empty_address_is_answered_beforehand():
    assert site._text(site.USUAL) == "v1:model=wan2.1-t2v-14b&gpu=rtx-4090"
    assert site.FIRST[0] == site.USUAL
