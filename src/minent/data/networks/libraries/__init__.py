"""Other libraries' objects: matrices, frames, lists of edges, graphs."""
