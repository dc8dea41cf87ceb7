"""How long the parts take, beside something that anyone can run."""
