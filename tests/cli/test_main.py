"""The last resort of the command line."""

import pytest

from ttinspect.cli import main, signals
from ttinspect.cli.scanner import CommandLine, scan


@pytest.mark.parametrize("raised", [KeyboardInterrupt, signals.TerminatedError])
def test_a_signal_that_python_wrapped_is_that_signal(
    monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    """As before Python 3.12, where it comes while a class is made."""

    def make_a_class(_line: CommandLine) -> int:
        raise RuntimeError("Error calling __set_name__") from raised()

    monkeypatch.setattr(main, "_run", make_a_class)
    with pytest.raises(raised):
        main._code(scan(["harvest"]))
