"""Chain time: what a chain's next block would say. Deadlines are compared with nothing else."""

import time

from intents.errors import WaymeetError
from intents.models import ChainHead


class ClockUnknown(WaymeetError):
    """No block of this chain has been seen yet."""

    code = "chain_unreachable"
    retry = True
    status = 503


def clock(chain_id: int) -> int:
    """Seconds: the newest seen block's timestamp and the wall time since it was seen."""
    seen = ChainHead.objects.filter(chain_id=chain_id).values_list("timestamp", "seen_at").first()
    if seen is None:
        raise ClockUnknown(f"no head of chain {chain_id} seen yet", chain=str(chain_id))
    return chain_time(*seen)


def chain_time(timestamp: int, seen_at: float) -> int:
    """Chain time now, from a head's timestamp and the wall time at which it was seen."""
    return timestamp + max(0, int(time.time() - seen_at))
