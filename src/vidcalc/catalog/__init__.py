"""What is known of models, accelerators, precisions, frameworks and recipes: facts read from data/, nothing priced."""
