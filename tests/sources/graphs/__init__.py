"""Captures, reports and databases as files."""
