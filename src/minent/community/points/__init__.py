"""Points and texts: linked to what is like them, and clustered."""
