"""What the rules do: cases beside them, what a change would change, how well they find."""
