"""vidcalc: what a video diffusion model needs to generate or to train, before anything is rented or started."""

__version__ = "0.1.0"
