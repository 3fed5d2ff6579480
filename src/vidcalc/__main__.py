"""`python -m vidcalc` is the command `vidcalc`."""

from vidcalc.faces.cli import main

if __name__ == "__main__":
    main()
