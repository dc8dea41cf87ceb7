"""How a workbook is written: cells, looks, and the bytes of the file."""
