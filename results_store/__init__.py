"""What came of it: Parquet files, SQL views, tables and statistics."""
