"""Imports msgspec without what it need not bring.

A whole run is as long as its imports. msgspec would import `typing_extensions` wherever another package has installed
it, for names that `typing` has as well: that alone is a tenth of a run, so it is told that there is none.
"""

import sys


def import_msgspec() -> None:
    """Import it, where nothing has done so yet."""
    hidden = "typing_extensions"
    if hidden in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[hidden] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[hidden]
