"""The faces: what a user meets. They read a request, call the core, and put ids and numbers into words."""
