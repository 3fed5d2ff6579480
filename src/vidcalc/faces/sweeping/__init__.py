"""`vidcalc sweep`: axes of settings, read from flags; their combinations, worked out, kept and written part by part."""
