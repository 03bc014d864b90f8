"""Our own stock: carried to where it is under way to, and brought back to where it belongs."""

from intents.engine.moves import sweep_moves
from intents.engine.rebalancing import rebalance


def stock_sweep() -> int:
    """Advance every move of stock that is due; how many."""
    return sweep_moves()


def stock_rebalance() -> int:
    """Plan what should be moved now; the number of moves begun."""
    return rebalance()
