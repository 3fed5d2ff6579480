"""Asking a tool of this machine: its output, or nothing where it is missing, fails or takes too long."""

import shutil
import subprocess

PATIENCE = 10  # seconds: a driver that starts up takes a few
LARGEST = 1 << 20  # letters worth reading


def output(*command: str) -> str:
    """What a command prints on standard output; "" where it cannot be had."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:LARGEST].decode("utf-8", "replace") if done.returncode == 0 else ""
