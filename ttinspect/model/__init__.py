"""Frozen facts and results: what a chip is, what was published about it, what was found. No I/O."""
