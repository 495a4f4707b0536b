"""Layers, usable with no other part of minent. No files, no loops."""
