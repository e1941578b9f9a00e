"""Bytes from the partners become accepted tables. Nothing here knows Dagster, dbt or Great Expectations."""
