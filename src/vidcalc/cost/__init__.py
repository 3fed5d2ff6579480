"""What a list of ops costs: seconds, bytes, money, energy."""
