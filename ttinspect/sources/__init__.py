"""One module per kind of source; each turns what it reads into a System."""
