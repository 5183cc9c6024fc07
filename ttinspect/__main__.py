"""``python -m ttinspect``."""

from ttinspect.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
