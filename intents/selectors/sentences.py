"""Sentences of the timeline: a code with parameters, said in the reader's language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

SHOWN = {
    "awaiting": _("Waiting for your payment"),
    "checking": _("Checking your payment"),
    "on_its_way": _("On its way"),
    "slower": _("Slower than usual"),
    "delivered": _("Delivered"),
    "returning": _("Returning your money"),
    "returned": _("Returned"),
    "waiting_for_you": _("Waiting for you"),
    "not_started": _("Not started – nothing was taken"),
    "staff_checking": _("Our staff are checking"),
}

CALL_FAILED = _("Delivered, but the call on arrival failed")
OUT_OF_REACH = _("Its chain is out of reach")

# %(contract)s and %(account)s are addresses, %(by)s and %(after)s moments of chain time.
MONEY = {
    "wallet_awaiting": _(
        "Your %(input)s is still in your wallet on %(origin)s. Once you confirm there, it goes into the "
        "contract %(contract)s. If it is not there by %(by)s, nothing is taken."
    ),
    "deposit_awaited": _(
        "Nothing has arrived yet. Pay exactly %(input)s on %(origin)s to the address of this transfer by %(by)s. "
        "Whatever comes later, or cannot be delivered, goes back to %(account)s by itself."
    ),
    "deposit_short": _(
        "%(arrived)s has arrived on %(origin)s; exactly %(missing)s is missing. Pay it to the same address by "
        "%(by)s, or everything goes back to %(account)s by itself."
    ),
    "deposit_arrived": _(
        "Your %(input)s is at the address of this transfer on %(origin)s and is about to move into the contract "
        "%(contract)s. If it is not there by %(by)s, it goes back to %(account)s by itself."
    ),
    "deposit_returning": _(
        "Your money is at the address of this transfer on %(origin)s and is going back to %(account)s."
    ),
    "deposit_staff": _(
        "Whatever you paid is at the address of this transfer on %(origin)s. After %(by)s it can only go back to "
        "%(account)s, whatever we do."
    ),
    "deposit_returned": _(
        "%(returned)s went back to %(account)s on %(origin)s. Nothing was paid out on %(destination)s."
    ),
    "deposit_expired": _(
        "Nothing was paid to the address of this transfer by %(by)s. If you pay now, it goes back to %(account)s "
        "by itself."
    ),
    "wallet_signed": _(
        "Your %(input)s is still in your wallet on %(origin)s. We are about to lock it in the contract "
        "%(contract)s. If it is not there by %(by)s, nothing is taken."
    ),
    "wallet_opening": _(
        "Your %(input)s is moving from your wallet into the contract %(contract)s on %(origin)s. "
        "If it is not there by %(by)s, nothing is taken."
    ),
    "escrow_counting": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s (%(have)s of %(need)s blocks). "
        "Next, at least %(minimum)s goes to %(account)s on %(destination)s, by %(by)s at the latest. "
        "If that fails, your %(input)s comes back by itself."
    ),
    "escrow_paying": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s. "
        "At least %(minimum)s is being paid to %(account)s on %(destination)s, by %(by)s at the latest. "
        "If that fails, your %(input)s comes back by itself."
    ),
    "escrow_late": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s. The time for the payment on "
        "%(destination)s has passed, so it comes back by itself. After %(after)s anybody can release it to you."
    ),
    "delivered": _("%(output)s arrived at %(account)s on %(destination)s. The transfer is complete."),
    "delivered_called": _(
        "%(output)s arrived on %(destination)s and went into %(app)s for %(account)s. The transfer is complete."
    ),
    "delivered_call_failed": _(
        "%(output)s arrived at %(account)s on %(destination)s. The call of %(app)s on arrival failed, so you "
        "received the tokens themselves."
    ),
    "wallet_untouched": _(
        "Your %(input)s never left your wallet on %(origin)s. The confirmation stops being valid at %(by)s."
    ),
    "wallet_expired": _(
        "Your %(input)s never left your wallet on %(origin)s, and the confirmation is no longer valid."
    ),
    "escrow_returning": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s and is going back to %(account)s. "
        "We are proving that it was not paid out on %(destination)s; after %(after)s anybody can release it "
        "without that proof."
    ),
    "escrow_waits": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s. %(destination)s answers nobody any more, so "
        "nothing can be proved from there: after %(after)s it goes back to %(account)s by itself."
    ),
    "returned": _(
        "Your %(input)s is back in %(account)s on %(origin)s. Nothing was paid out on %(destination)s."
    ),
    "claimable": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s and belongs to %(account)s: the token "
        "refused the payment. We try again every hour; you can also collect it yourself."
    ),
    "staff_wallet": _("Your %(input)s is still in your wallet on %(origin)s. Nothing was taken."),
    "staff_escrow": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s. "
        "After %(after)s anybody can send it back to %(account)s, whatever we do."
    ),
    "gone_wallet": _(
        "Your %(input)s was still in your wallet when %(origin)s was last seen. After %(by)s nothing can be taken "
        "any more."
    ),
    "gone_escrow": _(
        "Your %(input)s is in the contract %(contract)s on %(origin)s, where nobody can do anything while that chain "
        "answers nobody. Should it come back, anybody can send it back to %(account)s there after %(after)s."
    ),
}

STEPS = {
    "open": _("Lock %(input)s on %(chain)s"),
    "swap": _("Exchange on %(chain)s"),
    "bridge": _("Move our stock from %(chain)s to %(to)s"),
    "fill": _("Pay you %(minimum)s or more on %(chain)s"),
    "prove": _("Carry the proof to %(origin)s"),
    "finalise": _("Repay whoever paid you on %(chain)s"),
    "refund": _("Return %(input)s on %(chain)s"),
    "rebalance": _("Refill stock on %(chain)s"),
}

STEP_STATES = {
    "blocked": _("waits for the step before"),
    "ready": _("next"),
    "submitted": _("sent to the chain"),
    "in_transit": _("on the way"),
    "confirmed": _("done"),
    "final": _("done and final"),
    "skipped": _("not needed"),
    "failed": _("failed"),
}

PURPOSES = {
    "open": _("Lock"),
    "fill": _("Payment"),
    "attest": _("Attestation"),
    "dispatch": _("Message"),
    "process": _("Proof"),
    "finalise": _("Settlement"),
    "refund": _("Refund"),
    "recover": _("Return"),
    "bridge": _("Stock leaves"),
    "arrive": _("Stock arrives"),
    "trade": _("Exchange"),
    "claim": _("Claim"),
}

ATTEMPT_STATES = {
    "planned": _("signed"),
    "broadcast": _("sent"),
    "confirmed": _("in a block"),
    "reverted": _("rejected by the contract"),
    "replaced": _("replaced by a newer one"),
    "unknown": _("sent, answer lost"),
}

EVENTS = {
    "awaiting": _("The transfer waits for your payment"),
    "accepted": _("We received your confirmation"),
    "deposit_seen": _("%(amount)s of %(need)s has arrived"),
    "recover_sent": _("Sending %(amount)s back was sent to the chain"),
    "recovered": _("%(amount)s went back"),
    "open_sent": _("Locking your money was sent to the chain"),
    "opened": _("Your money is locked in the contract"),
    "depth": _("%(have)s of %(need)s blocks"),
    "stock_sent_for": _("Our stock for the payment sets off from another chain"),
    "stock_arrived": _("Our stock for the payment has arrived"),
    "fill_sent": _("The payment was sent to the chain"),
    "filled": _("The payment is in a block"),
    "delivered": _("Delivered"),
    "called": _("The call on arrival was made"),
    "call_failed": _("The call on arrival failed; you received the tokens"),
    "prove_sent": _("The proof of payment is on its way back"),
    "proven": _("The proof of payment arrived"),
    "finalise_sent": _("Repaying whoever paid you was sent to the chain"),
    "settled": _("Whoever paid you was repaid; everything is settled"),
    "rejected": _("Not started"),
    "expired": _("The time ran out before anything was taken"),
    "refund_due": _("Returning your money begins"),
    "refund_sent": _("The return was sent to the chain"),
    "refunded": _("Your money was returned"),
    "reorg": _("The chain rewrote its last blocks; we are checking again"),
    "replaced": _("A stuck transaction was replaced by one with a higher fee"),
    "attention": _("Our staff were asked to look"),
    "resumed": _("Our staff let it continue"),
    "set_aside": _("Its chain answers nobody any more"),
    "taken_up": _("Its chain answers again; it goes on"),
}

WAITING = {
    "deposit_awaited": _("waits for your payment"),
    "deposit_short": _("waits for the rest of your payment"),
    "not_opened": _("%(chain)s has not locked it yet; we keep trying"),
    "not_returned": _("%(chain)s has not sent it back yet; we keep trying"),
    "too_little_to_return": _("too little to pay for its own way back; the recovery code takes it out"),
    "in_block": _("waits for a block of %(chain)s"),
    "depth": _("%(have)s of %(need)s blocks"),
    "waiting_for_blocks": _("%(have)s of %(need)s blocks"),
    "waiting_for_validators": _("waits for the validators' signatures"),
    "company": _("waits a moment for other transfers, to share the cost of a transaction with them"),
    "with_another": _("comes in one message with other transfers"),
    "waiting_for_expiry": _("waits until anybody can send it back"),
    "not_attested": _("waits for the attestation on %(chain)s"),
    "not_processed": _("%(origin)s has not taken the proof yet; we keep trying"),
    "not_finalised": _("%(chain)s has not repaid whoever paid you yet; we keep trying"),
    "fill_deadline": _("waits until the confirmation is no longer valid"),
    "fill_deadline_near": _("too little time is left to pay it out safely; it comes back"),
    "fill_switched_off": _("payouts are switched off at the moment"),
    "bridge_not_now": _("our stock cannot be here in time; another way is being looked for"),
    "no_stock": _("waits for stock on %(chain)s"),
    "exposure_full": _("waits for earlier payments to become final on %(chain)s"),
    "not_profitable": _("the price moved; waits for a better one"),
    "price_moved": _("the price moved; a new way is being found"),
    "too_much_gas": _("being paid there takes more gas than a transfer may; if that stays so, it comes back"),
    "no_price": _("waits for a trustworthy price"),
    "stale_price": _("waits for a trustworthy price"),
    "no_message_fee": _("waits until it is known what the proof costs"),
    "no_data_fee": _("waits until it is known what a transaction costs there"),
    "chain_unreachable": _("%(chain)s does not answer; we keep trying"),
    "node_unreachable": _("%(chain)s does not answer; we keep trying"),
    "chain_paused": _("%(chain)s is paused"),
    "token_paused": _("%(token)s on %(chain)s is paused"),
    "route_paused": _("transfers from %(origin)s to %(destination)s are paused"),
    "gas_price_too_high": _("the fees of %(chain)s are above our limit; waits for them to fall"),
    "fees_too_high": _("the fees of %(chain)s are above our limit; waits for them to fall"),
}

TAKES_LONGER = _("a step takes longer than usual; we keep trying")

_PLACE = re.compile(r"%\((\w+)\)s")
_ADDRESSES = ("contract", "account", "app")
_MOMENTS = ("by", "after")


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; `params` are JSON values, moments in seconds of chain time."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Plain text with full addresses and UTC moments."""
        said = {name: _utc(value) if name in _MOMENTS else value for name, value in self.params.items()}
        return str(MONEY[self.code]) % _Params(said)

    @property
    def html(self) -> SafeString:
        """The same with short addresses (the full one as title) and `<time>` elements."""
        parts = {name: _element(name, value) for name, value in self.params.items()}
        return format_html(_PLACE.sub(r"{\1}", str(MONEY[self.code])), **parts)

    def to_json(self) -> dict[str, Any]:
        """Code, params and text."""
        return {"code": self.code, "params": dict(self.params), "text": self.text}


def words(table: Mapping[str, Any], code: str, params: Mapping[str, Any] | None = None) -> str:
    """The phrase for a code of one of the tables, or the code itself with its underscores as spaces."""
    template = table.get(code)
    return code.replace("_", " ") if template is None else str(template) % _Params(params or {})


def _element(name: str, value: Any) -> Any:
    if name in _MOMENTS:
        moment = datetime.fromtimestamp(int(value), UTC)
        return format_html(
            '<time datetime="{}" data-clock>{}</time>', moment.isoformat(timespec="seconds"), _utc(value)
        )
    if name in _ADDRESSES and len(str(value)) == 42:
        text = str(value)
        return format_html('<span class="hash" title="{}">{}</span>', text, f"{text[:6]}…{text[-4:]}")
    return value


def _utc(seconds: Any) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%H:%M:%S} UTC"
