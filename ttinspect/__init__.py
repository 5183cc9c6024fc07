"""A second opinion on Tenstorrent hardware."""

__version__ = "0.1.0"
