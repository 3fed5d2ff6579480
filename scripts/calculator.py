"""The documented calculator as a script; works from a checkout as well as installed."""

import sys

try:
    import vidcalc  # noqa: F401
except ImportError:
    sys.path.insert(0, __file__.rpartition("scripts")[0] + "src")

from vidcalc.faces.calculator import main

if __name__ == "__main__":
    main()
