"""From flags to what the core is asked: model, workload, hardware, plan."""
