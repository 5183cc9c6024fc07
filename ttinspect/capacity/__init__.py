"""From live cores and a runtime to bytes: what the silicon has, and what a workload can get. Pure."""
