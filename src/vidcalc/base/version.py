"""The version of the package: read by the build, shown by `vidcalc --version`, kept as `vidcalc.__version__`."""

__version__ = "0.1.0"
