"""A sequence for a sequence: the model, what it learns from, and how it writes."""
