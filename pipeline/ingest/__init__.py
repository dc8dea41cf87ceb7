"""A file becomes validated results."""
