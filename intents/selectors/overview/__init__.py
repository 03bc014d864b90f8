"""The network as a whole: who uses it, what lies where, how fast it delivers."""

from .activity import Activity, ChainActivity, activity
from .liquidity import Liquidity, liquidity
from .marks import Marks, chain_marks
from .times import Times, delivered_times

__all__ = [
    "Activity", "ChainActivity", "Liquidity", "Marks", "Times", "activity", "chain_marks", "delivered_times",
    "liquidity",
]  # fmt: skip
