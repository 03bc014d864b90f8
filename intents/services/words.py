"""What people read for every error code: one sentence that says what happened and what to do about it.

Codes never change; sentences may. `%(name)s` places are filled from the error's params.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from intents.errors import register_words


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


FALLBACK = _("This cannot be done right now. Please try again.")

INTENT_WORDS = {
    "amount_not_a_number": _("That amount is not a number. Write it like 100 or 0.25."),
    "amount_not_positive": _("The amount must be more than zero."),
    "amount_too_precise": _("That amount has more decimal places than this token has."),
    "amount_too_large": _("That amount is too large. Try a smaller one."),
    "amount_too_small": _("That amount is too small: the costs would eat it. Try a larger one."),
    "below_minimum_order": _("That amount is too small: the costs would eat it. Try a larger one."),
    "same_token": _("You already have this token on this chain. Choose another token or another chain."),
    "token_not_supported": _("This token is not supported here. Choose one from the list."),
    "chain_not_supported": _("This chain is not connected. Choose one from the list."),
    "chain_paused": _("%(chain)s is paused at the moment. Nothing was taken; please try again later."),
    "address_malformed": _("That is not a valid address. It starts with 0x and has 40 more characters."),
    "recipient_not_allowed": _("This address cannot receive the transfer. Check it and choose another one."),
    "recipient_is_contract": _("This address is a contract. Choose an account that you control there."),
    "blocked_address": _("One of the addresses cannot be served."),
    "way_not_known": _("This way to confirm is not known."),
    "missing_field": _("Something is missing: %(field)s."),
    "field_missing": _("Something is missing: %(field)s."),
    "field_invalid": _("This is not right: %(field)s."),
    "intent_field": _("This is not right: %(field)s."),
    "unknown_field": _("This field is not known: %(field)s."),
    "wrong_type": _("This field has the wrong form: %(field)s."),
}

QUOTE_WORDS = {
    "no_route": _("We found no way for this transfer right now. Try a smaller amount or another token."),
    "no_stock": _("There is not enough %(token)s at the destination right now. Try a smaller amount."),
    "insufficient_liquidity": _("The markets are too small for this amount. Try a smaller one."),
    "no_price": _("There is no trustworthy price right now, so we make no offer. Try again in a moment."),
    "stale_price": _("The price we have is too old, so we make no offer. Try again in a moment."),
    "price_disagreement": _("Our price sources disagree, so we make no offer of this size. Try a smaller amount."),
    "no_way_to_confirm": _(
        "Your wallet cannot confirm this token with one signature. Choose another token, such as USDC."
    ),
    "quote_not_found": _("We do not know this quote, or it belongs to another browser. Ask for a new one."),
    "quote_not_signable": _("This quote cannot be confirmed. Connect your wallet and ask for a new one."),
    "quote_already_used": _("This quote was already used. Ask for a new one."),
    "quote_expired": _("This quote has expired. Ask for a new one; nothing was taken."),
    "quote_timeout": _("The answer takes longer than usual. Please try again."),
}

ORDER_WORDS = {
    "field_differs": _("The order differs from the quote in “%(field)s”. Nothing was taken; ask for a new quote."),
    "order_field": _("The order is not complete or not well formed: %(field)s."),
    "wrong_signer": _("The signature is from another account. Switch to the right account and confirm again."),
    "signature_malformed": _("The wallet returned a signature that cannot be read. Please confirm again."),
    "already_submitted": _("This order was already submitted. It is listed where it was made."),
    "too_late": _("The confirmation came too late for this quote. Nothing was taken; ask for a new one."),
    "worse_price": _("The price moved while you confirmed. Nothing was taken; here is the new offer."),
    "too_many_open": _("This wallet has several transfers that have not started. Wait until one of them has."),
    "insufficient_balance": _("Your wallet does not hold enough of this token for the transfer."),
    "no_allowance": _("Your wallet does not let Permit2 move enough of this token."),
    "order_not_found": _("We do not know this transfer, or it was made in another browser."),
    "not_profitable": _("The price moved too far. Nothing was taken; ask for a new quote."),
    "fill_switched_off": _("Payouts are switched off at the moment."),
}

LOGIN_WORDS = {
    "login_not_started": _("This sign-in was already used or never started. Please begin again."),
    "login_expired": _("This sign-in took too long. Please begin again."),
    "csrf_failed": _("This page is too old to be sent. Reload it and try again."),
}

REQUEST_WORDS = {
    "malformed_json": _("The request is not valid JSON."),
    "json_expected": _("The request must be JSON."),
    "body_too_large": _("The request is too large."),
    "method_not_allowed": _("This address does not accept that kind of request."),
    "not_found": _("There is nothing here, or it belongs to another browser."),
    "malformed_request": _("This request cannot be read."),
    "forbidden": _("You may not see this."),
    "busy": _("We are busy. Please try again in a moment."),
    "server_error": _("Something broke on our side. Your money is not affected by this page."),
    "not_started": _("Waymeet is not running yet."),
    "chain_unreachable": _("The chain does not answer at the moment. Please try again."),
    "unknown_name": _("This name is not known: %(name)s."),
}

WORDS: dict[str, Any] = {**INTENT_WORDS, **QUOTE_WORDS, **ORDER_WORDS, **LOGIN_WORDS, **REQUEST_WORDS}


def text(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in the active language; a calm general one for a code without its own."""
    return str(WORDS.get(code, FALLBACK)) % _Params(params or {})


register_words(WORDS)
