"""Typed readers: files of ours in soc_descriptors/, and strict reading of YAML and JSON in general."""
