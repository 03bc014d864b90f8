"""Rows. Rules about them live in lifecycle, settlement, engine and services."""

from .alerts import Alert
from .chains import Block, Chain, ChainHead, ChainLog
from .deposits import Deposit
from .fields import Uint256Field
from .money import LedgerEntry, Reservation, SendingAccount, Stock
from .orders import Attempt, Event, Order, OrderAccess, Step
from .quotes import Quote, QuoteState

__all__ = [
    "Alert",
    "Attempt",
    "Block",
    "Chain",
    "ChainHead",
    "ChainLog",
    "Deposit",
    "Event",
    "LedgerEntry",
    "Order",
    "OrderAccess",
    "Quote",
    "QuoteState",
    "Reservation",
    "SendingAccount",
    "Step",
    "Stock",
    "Uint256Field",
]
