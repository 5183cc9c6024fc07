"""The console script's entry: what ends it is met from the first line to the last."""

import gc

from ttinspect.cli import signals


def main() -> int:
    """Import the command line, and run it."""
    signals.remember()
    gc.disable()  # nothing of what is imported is ever garbage; main collects again once a command runs
    from ttinspect.cli.main import main as run
    from ttinspect.cli.streams import settle

    code = run()
    signals.ignore()
    return settle(code)
