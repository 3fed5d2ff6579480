"""The commands of `vidcalc`, one file each: `NAME.py` holds `command`. A new file is a new command."""
