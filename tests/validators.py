"""Validators that rest between tests: awake they ask their chains dozens of times a second, whoever runs."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from eth_account.signers.local import LocalAccount

from intents.settlement.validator import Validator


class RestingValidator(Validator):
    """A real validator that looks at nothing while `awake` is not set."""

    def __init__(self, signer: LocalAccount, network_directory: Path, state_directory: Path) -> None:
        super().__init__(signer, network_directory, state_directory)
        self.awake = threading.Event()
        self.awake.set()

    def rescan(self) -> None:
        self.awake.wait()
        super().rescan()
        for watch in self._watches.values():
            if not isinstance(watch.look, partial):
                watch.look = partial(self._look, watch.look)  # type: ignore[method-assign]

    def stop(self) -> None:
        self.awake.set()
        super().stop()

    def _look(self, look: Callable[[], int]) -> int:
        self.awake.wait()
        return look()
