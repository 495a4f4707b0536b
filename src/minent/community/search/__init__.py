"""Who moves where: the sweep, the two-level search, and nested modules of any shape."""
