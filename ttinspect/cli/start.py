"""The console script's entry: Ctrl-C ends it without a word also before it is ready to say one."""

import gc
import signal
import sys


def main() -> int:
    """Import the command line, and run it."""
    gc.disable()  # nothing of what is imported is ever garbage; main collects again once a command runs
    early = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not where it is ignored
    if early:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ttinspect.cli.main import ignore_lost_signals
    from ttinspect.cli.main import main as run

    sys.unraisablehook = ignore_lost_signals

    if early:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return run()
