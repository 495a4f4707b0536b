"""The files of a tree: text, tables and JSON, of nodes and of states, written and read."""
