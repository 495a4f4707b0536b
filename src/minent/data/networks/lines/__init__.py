"""Links as lines and rows: which column is what, text, tables, paths, and attributes of nodes."""
