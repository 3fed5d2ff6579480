"""Many plans: what to change, what fits, which is best."""
