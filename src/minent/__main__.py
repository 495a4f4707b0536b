"""`python -m minent` and `minent` are the command line; who interrupts it before it is loaded sees no traceback."""

import sys


def main() -> None:
    try:
        from minent.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
