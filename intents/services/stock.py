"""Our own stock: carried to where it is under way to, and brought back to where it belongs."""

from intents.engine.departures import sweep_departures
from intents.engine.moves import sweep_moves
from intents.engine.rebalancing import rebalance
from intents.engine.withheld import sweep_withheld


def stock_sweep() -> int:
    """Advance every move of stock that is due; how many."""
    return sweep_moves()


def stock_rebalance() -> int:
    """Plan what should be moved now; the number of moves begun."""
    return rebalance()


def withheld_sweep() -> int:
    """Claim what escrows could not pay us; how many tokens are still held."""
    return sweep_withheld()


def departures_sweep() -> int:
    """Bring chains on their way out as far as they go now; how many left or came back."""
    return sweep_departures()
