"""Devices through tt_umd, in a child process: parent starts it, child asks, wire is what they say."""
