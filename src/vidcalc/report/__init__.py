"""What comes out: records of ids and numbers with a stable JSON form; no arithmetic, no prose."""
