"""A second opinion on Tenstorrent hardware.

The commands' answers are functions here too; what they need is imported when they are first used::

    import ttinspect

    system = ttinspect.open_source("cluster_descriptor.yaml")
    answer = ttinspect.build_harvest(system)
    answer.devices[0].tensix.active
"""

TYPE_CHECKING = False  # as type checkers know it; typing takes its time to import
if TYPE_CHECKING:
    from ttinspect.answers.capacity import build_capacity
    from ttinspect.answers.diff import build_diff
    from ttinspect.answers.harvest import build_harvest
    from ttinspect.answers.soc import build_soc
    from ttinspect.answers.telemetry import build_telemetry
    from ttinspect.answers.topology import build_topology
    from ttinspect.capacity.settings import make_settings
    from ttinspect.errors import ExitCode, InspectError
    from ttinspect.reasons import why
    from ttinspect.sources.live import LiveOptions
    from ttinspect.sources.opening import open_source

__version__ = "0.1.0"

__all__ = [
    "ExitCode",
    "InspectError",
    "LiveOptions",
    "__version__",
    "build_capacity",
    "build_diff",
    "build_harvest",
    "build_soc",
    "build_telemetry",
    "build_topology",
    "make_settings",
    "open_source",
    "why",
]

_MODULES = {
    "ExitCode": "errors",
    "InspectError": "errors",
    "LiveOptions": "sources.live",
    "build_capacity": "answers.capacity",
    "build_diff": "answers.diff",
    "build_harvest": "answers.harvest",
    "build_soc": "answers.soc",
    "build_telemetry": "answers.telemetry",
    "build_topology": "answers.topology",
    "make_settings": "capacity.settings",
    "open_source": "sources.opening",
    "why": "reasons",
}


def __getattr__(name: str) -> object:
    """The public functions, from the modules that have them."""
    if name not in _MODULES:
        raise AttributeError(f"module 'ttinspect' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ttinspect.{_MODULES[name]}"), name)
