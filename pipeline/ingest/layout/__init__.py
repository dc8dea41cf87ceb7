"""Which export a table is: its header, its columns, its sections, its conventions."""
