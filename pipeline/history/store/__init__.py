"""The results database: its tables, its engines, and tables of results in and out of it."""
