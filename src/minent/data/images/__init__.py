"""Pictures and points as arrays: folders, Parquet, IDX, toys."""
