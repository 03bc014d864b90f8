"""Subcommands of `manage.py chain`, one module each: `HELP`, `add_arguments(parser)`, `handle(**options)`.

`handle` gets the options by name with the command's `stdout` and `stderr` and returns nothing; it raises
CommandError (with `returncode` where it is not 1) or a WaymeetError when what was asked for did not come about.
"""
