"""Hatchling hook: compiles the catalogue and builds the light copy, and for wheels records tables."""

import compileall
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Build(BuildHookInterface):
    """Runs before every build, editable ones included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write everything under src/vidcalc that is derived from sources in the repository."""
        sys.path.insert(0, str(Path(self.root) / "src"))
        from vidcalc.faces.light import bundle, record
        from vidcalc.rates.build import build

        build()
        if version != "editable":  # a source that is edited would make them void: a checkout answers over the tape
            record.write(checked=False)
        bundle.write(checked=version == "editable")
        if version == "editable":  # installers compile what they copy; a checkout would pay at every first run
            compileall.compile_dir(str(Path(self.root) / "src/vidcalc"), quiet=1)
