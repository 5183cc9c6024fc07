"""Two Systems held against each other."""
