"""Regions, processes and the host, read and put together for the answers. I/O happens here."""
