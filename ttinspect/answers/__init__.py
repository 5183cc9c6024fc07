"""One frozen Struct per command: its JSON, and its schema; built by pure functions."""
