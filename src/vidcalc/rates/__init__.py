"""How fast machines really are: curves of kernels, collectives, borrowed from relatives or measured by the user."""
