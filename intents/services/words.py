"""What people read for every error code: one sentence that says what happened and what to do about it.

Codes never change; sentences may. `%(name)s` places are filled from the error's params.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from intents.errors import register_words
from intents.selectors.amounts import shown_amount
from intents.selectors.network import chain_name
from intents.selectors.pauses import BRAKED, brake_words, paused_words

from .staff.words import STAFF_WORDS

_WITH_REASON = ("token_paused", "route_paused", "chain_leaving")
_AMOUNTS = ("minimum", "maximum", "have", "need")


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
    "same_chain": _("Both ends are on the same chain. Choose another chain to send to."),
    "same_token": _("You already have this token on this chain. Choose another token or another chain."),
    "token_not_supported": _("This token is not supported here. Choose one from the list."),
    "chain_not_supported": _("This chain is not connected. Choose one from the list."),
    "chain_paused": _("%(chain)s is paused at the moment. Nothing was taken; please try again later."),
    "chain_leaving": _(
        "%(chain)s takes no new transfers: %(reason)s. Nothing was taken; what is on its way arrives."
    ),
    "chain_gone": _(
        "No node of %(chain)s answers any more, so nothing can be seen or done there. Should it come back, this "
        "transfer goes on by itself"
    ),
    "cold_start_cap": _(
        "%(token)s out of %(chain)s is limited while the chain is new here. Try a smaller amount, or wait until "
        "earlier transfers are settled."
    ),
    "cold_start_day": _(
        "%(token)s out of %(chain)s is limited while the chain is new here, and as much as may leave it in a day has "
        "left. Try again tomorrow, or send from another chain."
    ),
    "cold_start_held": _(
        "We hold as much %(token)s of %(chain)s as we may, so none is taken until some of it was passed on. Try "
        "another token, or send from another chain."
    ),
    "token_paused": _(
        "%(token)s on %(chain)s is paused at the moment: %(reason)s. Nothing was taken; please try again later."
    ),
    "route_paused": _(
        "Transfers from %(origin)s to %(destination)s are paused at the moment: %(reason)s. Nothing was taken; "
        "please try again later."
    ),
    "address_malformed": _("That is not a valid address. It starts with 0x and has 40 more characters."),
    "name_not_supported": _("Names such as %(name)s are not looked up here. Give the whole address, 0x…"),
    "name_malformed": _("%(name)s is not a valid name. Check every letter."),
    "name_unknown": _("The name %(name)s leads to no address. Check every letter."),
    "name_elsewhere": _(
        "This name is kept outside the chain, so it cannot be checked. Give the whole address, 0x…"
    ),
    "recipient_not_allowed": _("This address cannot receive the transfer. Check it and choose another one."),
    "recipient_is_contract": _("This address is a contract. Choose an account that you control there."),
    "blocked_address": _("One of the addresses cannot be served."),
    "anywhere_needs_wallet": _(
        "Paying to an address works on one chain: choose the chain on which you will pay."
    ),
    "way_not_known": _("This way to confirm is not known."),
    "missing_field": _("Something is missing: %(field)s."),
    "field_missing": _("Something is missing: %(field)s."),
    "field_invalid": _("This is not right: %(field)s."),
    "unknown_field": _("This field is not known: %(field)s."),
    "wrong_type": _("This field has the wrong form: %(field)s."),
}

QUOTE_WORDS = {
    "not_enough_anywhere": _("Your wallet does not hold enough of this token on any chain."),
    "more_than_two_chains": _("Your money is on too many chains: at most two can pay together."),
    "not_enough_here": _("Your wallet does not hold enough on this chain."),
    "balance_unknown": _("This chain does not answer, so what you hold there is not known."),
    "balances_unknown": _(
        "%(chain)s does not answer, so we do not know whether you hold enough there. Please try again."
    ),
    "only_at_destination": _("You hold this token on %(chain)s only, which is where you want to send to."),
    "no_route": _("We found no way for this transfer right now. Try a smaller amount or another token."),
    "no_stock": _("There is not enough %(token)s on the receiving chain right now. Try a smaller amount."),
    "bridge_too_slow": _(
        "Our stock for this is on another chain and would come too late. Try again in a moment."
    ),
    "insufficient_liquidity": _("The markets are too small for this amount. Try a smaller one."),
    "no_price": _("There is no trustworthy price right now, so we make no offer. Try again in a moment."),
    "stale_price": _("The price we have is too old, so we make no offer. Try again in a moment."),
    "no_message_fee": _(
        "What the proof between these chains costs is not known right now, so we make no offer. Try again in a moment."
    ),
    "no_data_fee": _(
        "What a transaction costs on one of these chains is not known right now, so we make no offer. "
        "Try again in a moment."
    ),
    "price_disagreement": _(
        "Our price sources disagree, so we make no offer of this size. Try a smaller amount."
    ),
    "no_way_to_confirm": _(
        "Your wallet cannot confirm this token with one signature. Choose another token, such as USDC."
    ),
    "recipient_refuses_native": _(
        "This address is a contract that does not take the chain's coin. Choose another address."
    ),
    "quote_not_found": _("We do not know this offer, or it belongs to another browser. Ask for a new one."),
    "quote_not_signable": _("This offer cannot be confirmed. Connect your wallet and ask for a new one."),
    "quote_already_used": _("This offer was already used. Ask for a new one."),
    "quote_timeout": _("The answer takes longer than usual. Please try again."),
}

ORDER_WORDS = {
    "field_differs": _(
        "What you confirmed differs from the offer in “%(field)s”. Nothing was taken; ask for a new one."
    ),
    "order_field": _("What was sent is not complete or not well formed: %(field)s."),
    "wrong_signer": _(
        "The signature is from another account. Switch to the right account and confirm again."
    ),
    "signature_malformed": _("The wallet returned a signature that cannot be read. Please confirm again."),
    "already_submitted": _("This transfer was already submitted. It is listed where it was made."),
    "too_late": _("The confirmation came too late for this offer. Nothing was taken; ask for a new one."),
    "worse_price": _("The price moved while you confirmed. Nothing was taken; here is the new offer."),
    "too_many_open": _(
        "This wallet has several transfers that have not started. Wait until one of them has."
    ),
    "insufficient_balance": _("Your wallet does not hold enough of this token for the transfer."),
    "never_paid": _("Nothing was paid in time."),
    "deposit_too_little": _("Less than agreed had arrived when the time was over."),
    "deposit_not_used": _("It came too late, or we could not carry it out at the agreed price."),
    "permit_pending": _("An earlier transfer of this token has just begun. Try again when it is under way."),
    "no_allowance": _("Your wallet does not let Permit2 move enough of this token."),
    "order_not_found": _("We do not know this transfer, or it was made in another browser."),
    "not_profitable": _("The price moved too far. Nothing was taken; ask for a new offer."),
    "fill_switched_off": _("Payouts are switched off at the moment."),
    "cancelled": _("You cancelled this transfer before it began. Nothing was taken."),
    "permit_void": _(
        "Your confirmation was taken back, or another permit of your wallet for this token was used before it. "
        "Nothing was taken."
    ),
    "rescue_page_not_built": _("The rescue page is not available here at the moment."),
    "open_failed": _("Locking your money was refused by the chain, so nothing was taken."),
    "expired": _("The time ran out before your money was locked, so nothing was taken."),
    "fill_deadline_passed": _("It could not be paid out in time."),
    "fill_deadline_near": _("There is not enough time left to pay it out safely."),
    "cannot_finalise_in_time": _("There is not enough time left to pay it out safely."),
    "refunded_after_fill": _("It was both paid out and returned. You keep both."),
    "depth": _("Your payment does not have enough blocks yet."),
    "not_signed": _("The transfer was not signed."),
    "not_taken": _("We do not serve this transfer."),
    "outputs_equal": _("We do not serve this transfer: two of its payments are equal."),
    "outputs_not_supported": _("We do not serve this transfer: it makes too many payments."),
    "outputs_on_two_chains": _("We do not serve this transfer: it pays on two chains."),
    "inputs_not_one": _("We do not serve this transfer: it does not give exactly one token."),
    "zero_amount": _("We do not serve this transfer: an amount is zero."),
    "deadlines_reversed": _("We do not serve this transfer: its deadlines are the wrong way round."),
    "oracle_not_ours": _("We do not serve this transfer: its proof contract is not ours."),
    "settler_not_ours": _("We do not serve this transfer: its payout contract is not ours."),
    "context_not_supported": _("We do not serve this transfer: it has conditions we do not know."),
    "callback_not_supported": _(
        "We do not serve this transfer: its call on arrival does not go through our executor."
    ),
    "call_malformed": _("We do not serve this transfer: its call on arrival cannot be read."),
    "call_not_allowed": _(
        "This call cannot be made on arrival: it touches a contract or a permission it must not."
    ),
    "call_would_fail": _(
        "The call on arrival would fail right now, so we make no offer with it. Ask again later or without it."
    ),
    "app_not_listed": _("This app is not in the list of %(chain)s."),
    "app_takes_another_token": _("This app takes %(token)s only."),
}

CHAIN_WORDS = {
    "chain_unreachable": _("The chain does not answer at the moment. Please try again."),
    "node_unreachable": _("The chain does not answer at the moment. Please try again."),
    "nodes_disagree": _("The chain's nodes disagree at the moment. Please try again."),
    "node_refused": _("The chain does not answer at the moment. Please try again."),
    "rpc_error": _("The chain does not answer at the moment. Please try again."),
    "balance_unknown": _("%(chain)s does not say at the moment what your wallet holds. Please try again."),
    "clock_unknown": _("We have not seen a block of this chain yet. Please try again in a moment."),
    "not_ready": _("We are still starting. Please try again in a moment."),
    "contract_not_listed": _("This chain is not fully connected yet."),
    "gas_price_too_high": _("The chain's fees are above our limit at the moment. Please try again later."),
}

LOGIN_WORDS = {
    "login_not_started": _("This sign-in was already used or never started. Please begin again."),
    "login_expired": _("This sign-in took too long. Please begin again."),
    "csrf_failed": _("This page is too old to be sent. Reload it and try again."),
}

TICKET_WORDS = {
    "message_empty": _("Please write what you would like to know."),
    "message_too_long": _("That is too long: at most %(most)s letters go into one message."),
    "message_secret": _(
        "This was not sent and not kept: it looks like the seed words or the private key of a wallet. Nobody "
        "needs them to help you, least of all we. If somebody asked you for them, do not answer."
    ),
    "too_many_messages": _(
        "Your messages are waiting for an answer. Please wait for it before you write more."
    ),
    "ticket_closed": _("This conversation has ended. It goes on when the person writes again."),
    "ticket_not_found": _("We do not know this conversation."),
}

REQUEST_WORDS = {
    "malformed_json": _("The request is not valid JSON."),
    "json_expected": _("The request must be JSON."),
    "body_too_large": _("The request is too large."),
    "method_not_allowed": _("This address does not accept that kind of request."),
    "not_found": _("There is nothing here, or it belongs to another browser."),
    "malformed_request": _("This request cannot be read."),
    "forbidden": _("You may not see this."),
    "too_many_requests": _(
        "That was too much at once from your network. Please try again in %(retry_after)s s."
    ),
    "busy": _("We are busy. Please try again in a moment."),
    "server_error": _("Something broke on our side. Your money is not affected by this page."),
    "not_started": _("Waymeet is not running yet."),
    "unknown_name": _("This name is not known: %(name)s."),
}

WORDS: dict[str, Any] = {
    **INTENT_WORDS,
    **QUOTE_WORDS,
    **ORDER_WORDS,
    **CHAIN_WORDS,
    **LOGIN_WORDS,
    **TICKET_WORDS,
    **REQUEST_WORDS,
    **STAFF_WORDS,
}

# Nobody has to do anything about a way that is not taken, or a token that is not chosen.
REASONS: dict[str, Any] = {
    "no_stock": _("There is not enough %(token)s on %(chain)s right now."),
    "no_route": _("There is no way to do this right now."),
    "bridge_too_slow": _("What is needed is on another chain and would come too late."),
    "insufficient_liquidity": _("The markets are too small for this amount."),
    "amount_too_large": _("The amount is too large for it."),
    "amount_too_small": _("The amount is too small for it: the costs would eat it."),
    "below_minimum_order": _("The amount is too small for it: the costs would eat it."),
    "no_price": _("There is no trustworthy price right now."),
    "stale_price": _("The price that is known is too old."),
    "price_disagreement": _("The price sources disagree too much for this amount."),
    "no_message_fee": _("What the proof between these chains costs is not known right now."),
    "no_data_fee": _("What a transaction on one of these chains costs is not known right now."),
    "cold_start_held": _("We hold as much %(token)s of %(chain)s as we may."),
    "token_not_supported": _("A token that it needs is not supported here."),
    "no_way_to_confirm": _("Your wallet cannot confirm it with one signature."),
}

# Said in place of the plain sentence when the error carries these figures with their token's decimals.
WITH_FIGURES: dict[tuple[str, str], Any] = {
    ("amount_too_large", "maximum"): _(
        "That is too much for now: at most %(maximum)s %(token)s can go this way."
    ),
    ("cold_start_cap", "maximum"): _(
        "That is too much for now: %(chain)s is new here, and at most %(maximum)s %(token)s can leave it at once."
    ),
    ("cold_start_day", "maximum"): _(
        "That is too much for today: %(chain)s is new here, and at most %(maximum)s %(token)s can still leave it."
    ),
    ("cold_start_held", "maximum"): _(
        "That is too much for now: we hold much %(token)s of %(chain)s already and take at most %(maximum)s %(token)s "
        "more."
    ),
    ("below_minimum_order", "minimum"): _(
        "That is too little: the least worth sending is %(minimum)s %(token)s."
    ),
    ("amount_too_small", "minimum"): _(
        "That is too little: the least worth sending is %(minimum)s %(token)s."
    ),
    ("more_than_two_chains", "need"): _(
        "At most two chains can pay together, and yours with the most hold %(have)s %(token)s; this needs %(need)s."
    ),
    ("not_enough_anywhere", "need"): _(
        "No chain of yours holds enough: %(have)s %(token)s on all of them together; this transfer needs %(need)s."
    ),
    ("insufficient_balance", "need"): _(
        "On %(chain)s your wallet holds %(have)s %(token)s; this transfer needs %(need)s."
    ),
}


def text(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in the active language; a calm general one for a code without its own."""
    given = dict(params or {})
    for (figured, figure), template in WITH_FIGURES.items():
        if figured == code and figure in given and "decimals" in given:
            return str(template) % _Params(_named(_figures(given)))
    if code in _WITH_REASON:
        given["reason"] = paused_words(str(given.get("reason", "")))
    said = str(WORDS.get(code, FALLBACK)) % _Params(_named(given))
    if code == "chain_paused" and given.get("reason"):
        return f"{said} {paused_words(str(given['reason']))}"
    return said


def reason(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Why something is merely not among what is offered: the situation alone, without what to do about it."""
    given = dict(params or {})
    if code in BRAKED:
        return brake_words(code, given)
    is_figured = "decimals" in given and any(
        each == code and figure in given for each, figure in WITH_FIGURES
    )
    if code not in REASONS or is_figured:
        return text(code, given)
    return str(REASONS[code]) % _Params(_named(given))


def _figures(params: dict[str, Any]) -> dict[str, Any]:
    decimals = int(params["decimals"])
    shown = {name: shown_amount(int(params[name]), decimals) for name in _AMOUNTS if name in params}
    return {**params, **shown}


def _named(params: dict[str, Any]) -> dict[str, Any]:
    chain = str(params.get("chain", ""))
    return {**params, "chain": chain_name(int(chain))} if chain.isascii() and chain.isdigit() else params


register_words(WORDS)
