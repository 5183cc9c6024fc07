"""From an answer to text. Rendering computes nothing; units.py is the only place that divides."""
