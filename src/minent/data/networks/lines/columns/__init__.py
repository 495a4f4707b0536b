"""What columns are: by their names, by their values, by what was said; and their names as numbers of nodes."""
