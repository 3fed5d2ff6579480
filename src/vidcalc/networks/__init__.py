"""The networks: one file per family, each written once on the tape, reading like the published forward."""
