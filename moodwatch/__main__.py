"""The command's entry: loads the rest where Ctrl-C during the loading is no fault, either."""

import sys


def main() -> None:
    """Run the command."""
    try:
        from moodwatch.app import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
