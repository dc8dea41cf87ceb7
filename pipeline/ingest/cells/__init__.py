"""Texts of cells become numbers, dates, units and words; or the reason why not."""
