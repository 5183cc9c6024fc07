"""The command line: options in, exit code out. One module per command, imported when it runs."""
