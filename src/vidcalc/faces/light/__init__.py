"""The light copy of vidcalc: the same modules, built into few files and run beside light stand-ins for large libraries.

Most of a short run goes into its imports: click and msgspec alone take four times as long as Python's own start, and
every file that is looked for, read and run takes its share. So `bundle` writes all modules of vidcalc once more under
data/light, without annotations and docstrings, name by name, and what runs together in one file (`lighten`). `world`
makes each name when it is first asked for, apart from the modules proper: there `import msgspec` gives
`stand_ins.msgspec`, which knows no more than these modules need. `door` answers a command line there, or gives it back
untouched: whatever is unusual, a refusal too, is answered by the full command line. No formula, flag or word exists
twice; the copy is derived, checked against its sources when it is loaded, and may be absent.

`record` writes the tables of what is asked most, which spare a first answer the tape.

    python -m vidcalc.faces.light.bundle        builds it, as installing does; a source changed since is seen
"""

import os

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(PACKAGE, "data", "light")
__path__.append(BUILT)
