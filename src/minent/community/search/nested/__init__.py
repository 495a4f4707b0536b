"""Nested modules of any shape: what they cost, and how they change: dissolved, regrouped, regrown, fused."""
