"""What everything stands on: numbers that may be arrays, units, errors."""
