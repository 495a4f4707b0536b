"""Who moves where: the sweep, the levels, and the search over both."""
