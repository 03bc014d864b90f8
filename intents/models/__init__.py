"""Rows. Rules about them live in lifecycle, settlement, engine and services."""

from .alerts import Alert
from .beliefs import Belief
from .chains import Block, Chain, ChainHead, ChainLog, NodeReport
from .deposits import Deposit
from .fields import Uint256Field
from .joining import Join
from .known_chains import KnownChain, KnownRoute, KnownRouteEnd
from .money import LedgerEntry, Reservation, SendingAccount, Stock
from .moves import MOVE_ARRIVED, MOVE_ENDED, StockMove
from .orders import Attempt, Event, Order, OrderAccess, Step
from .passports import ChainPassport, Departure, TokenPassport
from .published import PublishedList
from .quotes import Quote, QuoteState
from .staff import AuditEntry, Handling, Pause, StaffNote, StaffRequest, StaffWish
from .tickets import Ticket, TicketMessage

__all__ = [
    "MOVE_ARRIVED",
    "MOVE_ENDED",
    "Alert",
    "Attempt",
    "AuditEntry",
    "Belief",
    "Block",
    "Chain",
    "ChainHead",
    "ChainLog",
    "ChainPassport",
    "Departure",
    "Deposit",
    "Event",
    "Handling",
    "Join",
    "KnownChain",
    "KnownRoute",
    "KnownRouteEnd",
    "LedgerEntry",
    "NodeReport",
    "Order",
    "OrderAccess",
    "Pause",
    "PublishedList",
    "Quote",
    "QuoteState",
    "Reservation",
    "SendingAccount",
    "StaffNote",
    "StaffRequest",
    "StaffWish",
    "Step",
    "Stock",
    "StockMove",
    "Ticket",
    "TicketMessage",
    "TokenPassport",
    "Uint256Field",
]
