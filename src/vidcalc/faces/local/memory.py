"""Host memory of this machine."""

import sys
from collections.abc import Callable

from vidcalc.faces.local.tools import output

LINUX = "/proc/meminfo"


def host_memory(ask: Callable[..., str] = output) -> int | None:
    """Bytes of host memory, as the system reports them; None where it does not say."""
    if sys.platform == "win32":
        return _windows()
    try:
        with open(LINUX, encoding="ascii") as file:
            for line in file:
                if line.startswith("MemTotal:"):
                    return int(line.split()[1]) * 1024  # kB there are KiB
    except (OSError, ValueError, IndexError):
        pass
    said = ask("sysctl", "-n", "hw.memsize").strip()
    return int(said) if said.isdecimal() else None


def _windows() -> int | None:
    """What GlobalMemoryStatusEx says."""
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "virtual", "virtual_free")),
            ("extended", ctypes.c_ulonglong),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll", None)
    if kernel is None or not kernel.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)
