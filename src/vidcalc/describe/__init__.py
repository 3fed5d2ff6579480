"""What the user states: model, workload, hardware, plan. Frozen nouns without arithmetic."""
