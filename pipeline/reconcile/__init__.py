"""Everything stored about some patients: who is who, which result counts, what is held."""
