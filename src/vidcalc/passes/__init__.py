"""How a plan rewrites a job: one file per idea, each neutral at its default."""
