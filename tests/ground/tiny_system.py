"""A supervisor over shell one-liners, run as a process of its own so that tests can send it signals.

python tiny_system.py RUN_DIR NAME=SHELL_COMMAND ...
"""

import sys
from pathlib import Path

from intents.devnet.supervisor import Child, Supervisor


def main() -> None:
    run_dir = Path(sys.argv[1])
    with Supervisor(run_dir) as supervisor:
        for argument in sys.argv[2:]:
            name, command = argument.split("=", 1)
            supervisor.start(Child(name, ("/bin/sh", "-c", command), is_foundation=name == "base"))
        supervisor.say("ready")
        supervisor.serve()


if __name__ == "__main__":
    main()
