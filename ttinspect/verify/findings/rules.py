"""All rules of ttinspect, in the order of their ids."""

from ttinspect.verify.findings import (
    accounting,
    allocation,
    allocator,
    capacity,
    chips,
    files,
    harvest,
    live,
    processes,
    readiness,
    site,
    tables,
    telemetry,
    topology,
    use,
)
from ttinspect.verify.rule import RegionRule, Rule

_MODULES = (
    accounting, allocation, allocator, capacity, chips, files, harvest, live, processes, readiness, site,
    tables, telemetry, topology, use,
)  # fmt: skip

RULES: tuple[Rule, ...] = tuple(
    sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.id)
)
"""Every rule; a module of findings/ that is not listed above has none that count."""

RULE_BY_ID = {rule.id: rule for rule in RULES}

REGION_RULES = tuple(rule for rule in RULES if isinstance(rule, RegionRule))
"""The rules of verify-shm."""

SAYING_UNKNOWN = (harvest.UNKNOWN_MASK, telemetry.NO_TELEMETRY, allocation.CAPACITY_UNKNOWN)
"""Warnings that a fact is unknown: where an expectation needs it, that says so itself."""
