"""Outputs put in place: which are due, what they say, who may read them, and the log of it all."""
