"""Gradients of critics by their inputs, and what is made of them; usable alone."""
