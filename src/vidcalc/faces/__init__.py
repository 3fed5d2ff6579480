"""How people meet the calculator. Faces put ids and numbers into words and pictures; nothing below them does."""
