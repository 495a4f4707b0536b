"""Pictures as arrays: folders, Parquet, IDX."""
