"""Words for states, events and ways to confirm, as `manage.py explain` tells them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from intents.lifecycle import OrderState

_STATES: dict[str, Any] = {
    OrderState.AWAITING_DEPOSIT: _("waiting for the deposit"),
    OrderState.SIGNED: _("checking your payment"),
    OrderState.OPENING: _("checking your payment"),
    OrderState.OPENED: _("on its way"),
    OrderState.FILLING: _("on its way"),
    OrderState.FILLED: _("delivered"),
    OrderState.PROVING: _("delivered, the payment to the filler is under way"),
    OrderState.SETTLED: _("delivered and settled"),
    OrderState.REJECTED: _("not started – nothing was taken"),
    OrderState.EXPIRED: _("not started – nothing was taken"),
    OrderState.REFUND_DUE: _("returning your money"),
    OrderState.REFUNDING: _("returning your money"),
    OrderState.REFUNDED: _("returned"),
    OrderState.NEEDS_ATTENTION: _("our staff are checking"),
}

_EVENTS: dict[str, Any] = {
    "awaiting": _("the order was written down; the user's own transaction opens it"),
    "accepted": _("the signed order was checked, accepted and given stock"),
    "deposit_seen": _("a payment came to the order's own address"),
    "recover_sent": _("we sent the transaction that gives back what lies at the order's own address"),
    "recovered": _("what lay at the order's own address was given back"),
    "open_sent": _("we sent the transaction that locks the input"),
    "opened": _("the input is locked in the escrow contract"),
    "depth": _("waiting until the lock is deep enough"),
    "stock_sent_for": _("our stock for the payment set off from another chain"),
    "stock_arrived": _("our stock for the payment arrived"),
    "fill_sent": _("we sent the transaction that pays the recipient"),
    "filled": _("the recipient was paid"),
    "delivered": _("delivered"),
    "called": _("the executor made the call on arrival"),
    "call_failed": _("the call on arrival failed; the recipient got the tokens"),
    "prove_sent": _("we sent the proof of the payment towards the origin"),
    "proven": _("the origin knows that the recipient was paid"),
    "finalise_sent": _("we asked the escrow to repay the filler"),
    "settled": _("the escrow repaid the filler"),
    "rejected": _("not started: the order was turned down and nothing was taken"),
    "expired": _("never opened: its time is over and nothing was taken"),
    "refund_due": _("it could not be delivered in time; the money is to be returned"),
    "refund_sent": _("we sent the transaction that returns the money"),
    "refunded": _("the money was returned"),
    "reorg": _("the chain took a block back; what was in it is being done again"),
    "replaced": _("a transaction was stuck and was replaced by one that pays more"),
    "attention": _("a person must look at it"),
    "resumed": _("a person looked; it goes on"),
    "set_aside": _("its chain was declared gone; it waits for it to come back"),
    "taken_up": _("its chain is back; it goes on"),
}

_WAYS: dict[str, Any] = {
    "eip3009": _("a signed authorisation of the token itself (EIP-3009)"),
    "permit2": _("a signed Permit2 transfer that contains the whole order"),
    "permit": _("a signed permit of exactly the amount for the order's own address (EIP-2612)"),
    "deposit": _("a plain payment to the order's own address"),
    "onchain": _("a transaction of the user"),
    "batch": _("one atomic batch of the user's wallet: approval and open"),
    "native": _("one payable transaction of the user"),
}


def state_words(state: str) -> str:
    """What a person reads for an order's state."""
    return str(_STATES.get(state, state))


def event_words(kind: str) -> str:
    """What a person reads for an event's kind."""
    return str(_EVENTS.get(kind, kind))


def way_words(way: str) -> str:
    """What a person reads for a way to confirm."""
    return str(_WAYS.get(way, way))
