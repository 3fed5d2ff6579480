"""The faces: what a user meets. They read a request, call the core, and put ids and numbers into words.

A whole run is as long as its imports. msgspec would import `typing_extensions` wherever another package has installed
it, for names that `typing` has as well: that alone is a tenth of a run, so it is told that there is none.
"""

import sys


def _import_msgspec() -> None:
    hidden = "typing_extensions"
    if hidden in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[hidden] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[hidden]


_import_msgspec()
