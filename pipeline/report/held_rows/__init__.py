"""Held rows go back to the people who sent them: what is wrong, where, and what to do."""
