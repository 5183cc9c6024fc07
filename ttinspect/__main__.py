"""``python -m ttinspect``."""

from ttinspect.cli.start import main

if __name__ == "__main__":
    raise SystemExit(main())
