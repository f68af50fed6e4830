"""`python -m perfgate` is the same as `perfgate`."""

from perfgate.cli import main

if __name__ == "__main__":
    main()
