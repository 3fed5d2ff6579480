"""A job unrolled: phases of ops, and the weights they use."""
