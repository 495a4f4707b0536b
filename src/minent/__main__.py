"""`python -m minent` is the command line."""

from minent.cli import main

if __name__ == "__main__":
    main()
