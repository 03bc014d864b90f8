"""`manage.py follow`: write down what every connected chain does, and wake the orders concerned."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from intents.chains import pauses
from intents.engine.observe import observe
from intents.passports import rounds
from intents.services.start import refuse_unsafe_start


class Command(BaseCommand):
    help = "Follow all connected chains, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM; what was not yet written is read again at the next start."""
        refuse_unsafe_start()
        asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await asyncio.gather(observe(stop=stop), pauses.watch(stop=stop), rounds.watch(stop=stop))
