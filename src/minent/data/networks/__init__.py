"""Links of any origin to a Graph: files, tables, other libraries' objects, points; states and layers."""
