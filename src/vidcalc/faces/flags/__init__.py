"""What can be typed: every flag once, what it takes and its words."""
