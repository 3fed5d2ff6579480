"""Network families: encoders."""
