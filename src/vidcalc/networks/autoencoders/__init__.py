"""Network families: autoencoders."""
