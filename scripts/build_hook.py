"""Hatchling hook: compiles the catalogue and builds the light copy, and for wheels records tables."""

import compileall
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Build(BuildHookInterface):
    """Runs before every build, editable ones included, and after it."""

    away: "tempfile.TemporaryDirectory[str] | None" = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write what is derived from sources in the repository: for a checkout below src/vidcalc, for a wheel away.

        In a wheel no source is looked at again, so what goes there must never lie in a checkout: it would answer for
        sources that are edited since.
        """
        if self.target_name == "sdist":  # holds sources alone
            return
        sys.path.insert(0, str(Path(self.root) / "src"))
        from vidcalc.faces.light import bundle, record
        from vidcalc.rates.build import build

        build()
        if version == "editable":  # no tables: a source that is edited would make them void
            bundle.write()
            # installers compile what they copy; a checkout would pay at every first run
            compileall.compile_dir(str(Path(self.root) / "src/vidcalc"), quiet=1)
            return
        self.away = tempfile.TemporaryDirectory()
        light, tables = Path(self.away.name) / "light", Path(self.away.name) / "tables"
        record.write(tables, checked=False)
        bundle.write(light, checked=False, tables=tables)
        for made in (light, tables):
            build_data["force_include"][str(made)] = f"vidcalc/data/{made.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for the wheel alone."""
        if self.away is not None:
            self.away.cleanup()
