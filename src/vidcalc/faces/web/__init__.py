"""The face of browsers and programs elsewhere: one Python door, and the server that opens it to HTTP."""
