"""A repository of the Hugging Face hub: configurations are downloaded, of weights only the headers are read.

Needs the extra `hub`. `HF_ENDPOINT`, `HF_TOKEN` and the cache are the library's own settings. Weight files are never
fetched: their first bytes come by ranged requests.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TypeVar

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.modelfiles.header import Stream
from vidcalc.modelfiles.source import parsed

Answer = TypeVar("Answer")

NAME = re.compile(
    r"(?P<repository>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>[\w./-]+\.(?:gguf|safetensors|json)))?"
)
BLOCK = 1 << 18  # bytes of one ranged request: nearly every header is in the first
SECONDS = 20  # of waiting for an answer


class Repository:
    """The files of one repository at one revision."""

    def __init__(self, name: str, revision: str | None, focus: str = "") -> None:
        self.name, self.revision, self.focus = name, revision, focus
        self.endpoint = os.environ.get("HF_ENDPOINT") or None
        self._files: list[str] | None = None

    def files(self) -> list[str]:
        """Every path, sorted. Raises Unreadable("hub_missing", "hub_gated" or "hub_unreachable")."""
        if self._files is None:
            from huggingface_hub import HfApi

            api = HfApi(endpoint=self.endpoint)
            self._files = sorted(self._asked(lambda: api.list_repo_files(self.name, revision=self.revision)))
        return self._files

    def json(self, path: str) -> Facts:
        """A configuration, by way of the library's cache."""
        from huggingface_hub import hf_hub_download

        def download() -> str:
            return str(hf_hub_download(self.name, path, revision=self.revision, endpoint=self.endpoint))

        with open(self._asked(download), "rb") as file:
            return parsed(file.read(reading.LARGEST), f"{self.name}/{path}")

    @contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        """The bytes of a file from its start on, block by block."""
        yield Ranged(lambda first: self._asked(lambda: self._block(path, first)))

    def _block(self, path: str, first: int) -> bytes:
        """At most BLOCK bytes from `first` on; nothing past the end."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = hf_hub_url(self.name, path, revision=self.revision, endpoint=self.endpoint)
        headers = {**build_hf_headers(), "Range": f"bytes={first}-{first + BLOCK - 1}"}
        with get_session().stream("GET", url, headers=headers, timeout=SECONDS, follow_redirects=True) as answer:
            if answer.status_code == 416:  # past the end
                return b""
            hf_raise_for_status(answer)
            if answer.status_code != 206:
                raise Unreadable(self.name, "hub_no_ranges")
            return bytes(answer.read())

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        """The hub's answer, its refusals as our own."""
        from huggingface_hub import errors

        try:
            return ask()
        except errors.GatedRepoError:
            raise Unreadable(self.name, "hub_gated") from None
        except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError):
            raise Unreadable(self.name, "hub_missing") from None
        except Unreadable:
            raise
        except Exception:  # whatever the client and its transport raise: no answer that could be used
            raise Unreadable(self.name, "hub_unreachable") from None


class Ranged:
    """A file read forward through a function that gives a block from a position on."""

    def __init__(self, block: Callable[[int], bytes]) -> None:
        self.block, self.buffer, self.position = block, b"", 0

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes, fewer at the end of the file."""
        while len(self.buffer) < size:
            more = self.block(self.position)
            if not more:
                break
            self.position += len(more)
            self.buffer += more
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data


def repository(name: str) -> Repository:
    """The repository "OWNER/NAME", at "@REVISION", or one "/FILE" of it. Raises Unreadable("hub_name" or "no_hub")."""
    stated = NAME.fullmatch(name)
    if stated is None:
        raise Unreadable("hf:" + name, "hub_name")
    if find_spec("huggingface_hub") is None:
        raise Unreadable("hf:" + name, "no_hub")
    return Repository(stated["repository"], stated["revision"], stated["file"] or "")
