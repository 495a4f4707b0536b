"""A recorded run from its end to its beginning."""
