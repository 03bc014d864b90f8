"""Why an order is not accepted: one class per situation. Nothing was taken in any of them."""

from typing import Any

from intents.errors import WaymeetError
from intents.settlement.acceptance import Refusal


class OrderRefused(WaymeetError):
    """The root of all refusals of a submitted order."""


class QuoteNotSignable(OrderRefused):
    """The quote has no order to sign: still solving, refused, or made without an address."""

    code = "quote_not_signable"


class QuoteAlreadyUsed(OrderRefused):
    """Another order was made from this quote."""

    code = "quote_already_used"
    status = 409


class OrderFieldMalformed(OrderRefused):
    """`field` of the submitted order is missing, unknown or malformed."""

    code = "order_field"


class FieldDiffers(OrderRefused):
    """`field` of the submitted order is not what was quoted."""

    code = "field_differs"


class SignatureMalformed(OrderRefused):
    """Not a canonical 65-byte signature: wrong length, high s, or not a point."""

    code = "signature_malformed"


class WrongSigner(OrderRefused):
    """Somebody else signed; `signer` and `expected` are addresses."""

    code = "wrong_signer"


class AlreadySubmitted(OrderRefused):
    """This order came in before, from elsewhere; it gives no access."""

    code = "already_submitted"
    status = 409


class TooLate(OrderRefused):
    """Not enough time is left before the fill deadline."""

    code = "too_late"


class WorsePrice(OrderRefused):
    """The price moved beyond our loss limit; `quote_id` is a fresh offer, `expected` what it buys now."""

    code = "worse_price"
    status = 409


class NoStock(OrderRefused):
    """The output is promised to others."""

    code = "no_stock"
    retry = True
    status = 409


class TooManyOpen(OrderRefused):
    """The wallet has `limit` transfers that have not started, or failed to start lately."""

    code = "too_many_open"
    retry = True
    status = 409


class PermitPending(OrderRefused):
    """An earlier permit of this wallet for this token has not been used yet: two at once cannot both be."""

    code = "permit_pending"
    retry = True
    status = 409


class InsufficientBalance(OrderRefused):
    """The wallet holds `have` base units, this and its other unstarted transfers need `need`."""

    code = "insufficient_balance"


class BalanceUnknown(OrderRefused):
    """The token did not say what the wallet holds or allows, which is not the same as nothing."""

    code = "balance_unknown"
    retry = True
    status = 503


class NoAllowance(OrderRefused):
    """Permit2 may move `have` base units, this and the other unstarted transfers need `need`."""

    code = "no_allowance"


class BlockedAddress(OrderRefused):
    """`address` is served by nobody here."""

    code = "blocked_address"
    status = 403


class OrderNotTaken(OrderRefused):
    """A rule of acceptance with a code of its own that no other class stands for."""

    code = "not_taken"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code, **refusal.params)
        self.code = refusal.code  # type: ignore[misc]


_BY_CODE: dict[str, type[OrderRefused]] = {
    error.code: error for error in (TooLate, BlockedAddress, NoStock, FieldDiffers)
}


def refused(refusal: Refusal) -> OrderRefused:
    """The error of an acceptance refusal."""
    known = _BY_CODE.get(refusal.code)
    params: dict[str, Any] = refusal.params
    return known(**params) if known is not None else OrderNotTaken(refusal)
