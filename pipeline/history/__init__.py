"""What is remembered: results, decisions, what people typed, what was put out."""
