"""File formats: what a file is read with, and text tables out of it."""
