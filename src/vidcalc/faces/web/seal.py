"""What a worker may no longer do once it answers others: write, read outside of the program, reach the network, start
processes, take more memory than there is for it.

This stands behind the refusals by a flag's type (`vidcalc.faces.web.asked`): should one ever let a path through, the
process that answers still cannot open it.
"""

import os
import sys
from pathlib import Path
from typing import Any

MEMORY = 4 * 2**30  # bytes of addresses that a worker may take
CLOSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "ftplib.",
    "urllib.",
)
CHANGING = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil.",
)
LISTING = ("os.listdir", "os.scandir")


class Sealed(PermissionError):
    """Something that a worker may not do."""


def sealed(folder: str) -> None:
    """Close this process, but for files in one folder; nothing opens it again."""
    os.chdir("/" if os.name == "posix" else os.environ.get("SYSTEMROOT", "C:\\"))
    _limited()
    own = (os.path.realpath(folder),)
    readable = (*sorted(roots()), *own)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not isinstance(path, int) and not _inside(path, own if _writes(mode, flags) else readable):
                raise Sealed(path)
        elif event in LISTING:
            if not _inside(arguments[0], readable):
                raise Sealed(event)
        elif event in ("os.remove", "os.rmdir") and _inside(arguments[0], own):
            return
        elif event.startswith(CLOSED) or event.startswith(CHANGING):
            raise Sealed(event)

    sys.addaudithook(watch)


def roots() -> set[str]:
    """Folders that the program itself is read from: this package, Python's library and what is installed."""
    here = {str(Path(__file__).resolve().parents[2])}
    within = {sys.prefix, sys.base_prefix, *(each for each in sys.path if os.path.isabs(each) and os.path.isdir(each))}
    return {os.path.realpath(each) for each in here | {each for each in within if each not in ("/", "")}}


def _inside(path: Any, readable: tuple[str, ...]) -> bool:
    """Whether a path is in one of these folders, wherever links lead."""
    real = os.path.realpath(os.fsdecode(path) if path is not None else ".")
    return any(real == each or real.startswith(each + os.sep) for each in readable)


def _writes(mode: Any, flags: Any) -> bool:
    """Whether a file is opened to be written."""
    if isinstance(mode, str):
        return not set(mode).isdisjoint("wax+")
    return bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC))


def _limited() -> None:
    """Bound the memory of the process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def held() -> int:
    """The most memory that the process has held [byte]; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
