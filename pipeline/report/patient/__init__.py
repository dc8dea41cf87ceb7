"""One patient's rows become what a report says, and the sheets that show it."""
