"""How good what is drawn is."""
