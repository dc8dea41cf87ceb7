"""Clinical content as data, and its loader."""
