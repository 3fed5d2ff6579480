"""Many estimates at once: what a row of a sweep holds, which rows are kept, and how they are worked out in blocks."""
