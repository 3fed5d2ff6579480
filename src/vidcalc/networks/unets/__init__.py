"""Network families: unets."""
