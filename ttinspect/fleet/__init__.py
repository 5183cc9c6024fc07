"""Many Systems as one: hosts, links joined by unique id, cabling. Files are read in sources/."""
