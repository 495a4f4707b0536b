"""Rows that keep their numbers: JSON lines, Parquet."""
