"""From masks and a SoC descriptor to grids and coordinates, as tt-umd computes them. Pure."""
