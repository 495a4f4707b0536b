"""Gradients of single examples, never built: their factors, and products of those."""
