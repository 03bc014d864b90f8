#!/usr/bin/env python3
"""Django's command line for Waymeet."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed in this Python. Run `make demo`, "
            "or `pip install -r requirements.txt`, and start again."
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
