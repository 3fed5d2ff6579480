"""Network families: transformers."""
