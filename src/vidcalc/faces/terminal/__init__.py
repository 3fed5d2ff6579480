"""A report as text for a terminal: cells, numbers, bars and the sections of the report."""
