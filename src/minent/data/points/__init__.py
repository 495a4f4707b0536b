"""Vectors: files of them, and points whose distribution is known."""
