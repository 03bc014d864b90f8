"""The life of a transfer told from its events and its evidence, for people who must answer for it.

Nothing here is remembered on purpose: every line is a row that was written when it happened, and the
evidence lines come from the chains' own logs and receipts as the follower saw them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from intents.amounts import format_units
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.events import MESSAGE_KINDS
from intents.models import Attempt, Chain, ChainLog, Event, LedgerEntry, Order, Step
from intents.services.words import text

from .diagnosis import diagnose
from .explain_words import event_words, state_words, way_words

MOST_ORDERS = 20
_HASH = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


def orders_about(reference: str) -> list[Order]:
    """Orders named by an order id, by a transaction tried or seen for them or by an address; newest first."""
    name = reference.strip().lower()
    if _ADDRESS.fullmatch(name):
        found = Order.objects.filter(
            Q(user__iexact=name) | Q(recipient__iexact=name) | Q(deposit__address__iexact=name)
        )
        return list(found.order_by("-created_at")[:MOST_ORDERS])
    if not _HASH.fullmatch(name):
        return []
    ids = {name}
    sent = Attempt.objects.filter(tx_hash=name, step__isnull=False)
    ids.update(sent.values_list("step__order_id", flat=True))
    ids.update(Step.objects.filter(shared_attempts__tx_hash=name).values_list("order_id", flat=True))
    ids.update(ChainLog.objects.filter(tx_hash=name).values_list("order_id", flat=True))
    return list(Order.objects.filter(order_id__in=ids).order_by("-created_at")[:MOST_ORDERS])


class Story:
    """One order's life as lines of text in the active language."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.chains = {chain.chain_id: chain for chain in Chain.objects.all()}

    def summary(self) -> str:
        """The order on one line."""
        order = self.order
        given = self.amount(order.input_amount, chain_id=order.origin_id, token=order.input_token)
        return f"{order.order_id}  {given} → {self.wanted()}  {state_words(order.state)}"

    def lines(self) -> Iterator[str]:
        """The whole life: what was agreed, what happened, what proves it."""
        yield from self._agreed()
        yield ""
        yield from self._diagnosis()
        yield ""
        yield _("What happened")
        yield from self._happened()
        yield ""
        yield _("Evidence on the chains")
        yield from self._evidence()
        yield ""
        yield _("Transactions of ours")
        yield from self._attempts()
        entries = list(LedgerEntry.objects.filter(order=self.order).order_by("id"))
        if entries:
            yield ""
            yield _("Ledger")
            yield from (self._ledger_line(entry) for entry in entries)

    def chain_name(self, chain_id: int) -> str:
        chain = self.chains.get(int(chain_id))
        return chain.name if chain else str(chain_id)

    def amount(self, units: int | str | None, *, chain_id: int, token: str) -> str:
        """An amount with its symbol, or in base units of an address when the token is not listed."""
        if units is None:
            return "?"
        chain = self.chains.get(int(chain_id))
        for known in self._tokens(chain):
            if known["address"].lower() == token.lower():
                return f"{format_units(int(units), known['decimals'])} {known['symbol']}"
        return f"{units} × {token}"

    def wanted(self) -> str:
        """The signed minimum with its destination."""
        order = self.order
        least = self.amount(order.output_amount, chain_id=order.destination_id, token=order.output_token)
        return f"{least} ({self.chain_name(order.destination_id)})"

    def _agreed(self) -> Iterator[str]:
        order = self.order
        given = self.amount(order.input_amount, chain_id=order.origin_id, token=order.input_token)
        yield _("Transfer %(id)s") % {"id": order.order_id}
        yield _("State: %(state)s") % {"state": state_words(order.state)}
        if order.reason:
            yield _("Because: %(reason)s") % {"reason": self._reason(order.reason)}
        yield _("Gives %(amount)s on %(chain)s, from %(user)s") % {
            "amount": given,
            "chain": self.chain_name(order.origin_id),
            "user": order.user,
        }
        yield _("Gets at least %(amount)s, to %(recipient)s") % {
            "amount": self.wanted(),
            "recipient": order.recipient,
        }
        yield _("Confirmed once by %(way)s") % {"way": way_words(order.confirm_way)}
        yield _(
            "To be delivered by %(fill)s, else the money can be taken back; by anybody after %(expires)s"
        ) % {
            "fill": _clock(order.fill_deadline),
            "expires": _clock(order.expires),
        }
        if order.delivered_amount is not None:
            yield _("Delivered: %(amount)s") % {
                "amount": self.amount(
                    order.delivered_amount, chain_id=order.destination_id, token=order.output_token
                )
            }

    def _diagnosis(self) -> Iterator[str]:
        best = diagnose(self.order)[0]
        yield _("Why it is where it is: %(title)s") % {"title": best.title}
        yield from (f"  {text}" for text in (best.words, best.then, best.action_words))

    def _happened(self) -> Iterator[str]:
        first: datetime | None = None
        for event in Event.objects.filter(order=self.order).order_by("seq"):
            first = first or event.at
            seconds = (event.at - first).total_seconds()
            yield f"{event.seq:3d}  {seconds:8.2f} s  {self._event_text(event)}"
        if first is None:
            yield "  " + _("nothing yet")

    def _event_text(self, event: Event) -> str:
        data: dict[str, Any] = event.data
        details = []
        if data.get("chain_id"):
            details.append(self.chain_name(data["chain_id"]))
        if "have" in data and "need" in data:
            details.append(_("%(have)s of %(need)s blocks") % {"have": data["have"], "need": data["need"]})
        if data.get("block"):
            details.append(_("block %(block)s") % {"block": data["block"]})
        if isinstance(data.get("reason"), dict):
            details.append(self._reason(data["reason"]))
        if data.get("tx_hash"):
            details.append(str(data["tx_hash"]))
        return " · ".join([event_words(event.kind), *details])

    def _evidence(self) -> Iterator[str]:
        joined = Attempt.objects.filter(also__order=self.order).values("tx_hash")
        mine = Q(order_id=self.order.order_id) | Q(tx_hash__in=joined, kind__in=list(MESSAGE_KINDS))
        logs = ChainLog.objects.filter(mine).order_by("block_timestamp", "log_index")
        is_empty = True
        for entry in logs:
            is_empty = False
            yield "  " + _("%(chain)s block %(block)s at %(time)s: %(kind)s in %(tx)s") % {
                "chain": self.chain_name(entry.chain_id),
                "block": entry.block_number,
                "time": _clock(entry.block_timestamp),
                "kind": entry.kind,
                "tx": entry.tx_hash,
            }
        if is_empty:
            yield "  " + _("none: nothing of this transfer was seen on any chain, so nothing was taken")

    def _attempts(self) -> Iterator[str]:
        rows = Step.objects.filter(order=self.order).prefetch_related("attempts", "shared_attempts")
        steps = list(rows.order_by("index"))
        for step in steps:
            yield f"  {step.index}. {step.kind} ({self.chain_name(step.chain_id)}): {step.state}"
            for attempt in step.all_attempts():
                yield "     " + _attempt_line(attempt)

    def _ledger_line(self, entry: LedgerEntry) -> str:
        amount = self.amount(entry.amount, chain_id=entry.chain_id, token=entry.token)
        chain = self.chain_name(entry.chain_id)
        return f"  {entry.debit} → {entry.credit}: {amount} ({chain}, {entry.memo})"

    def _reason(self, reason: dict[str, Any]) -> str:
        return text(reason.get("code", ""), reason.get("params", {}))

    @staticmethod
    def _tokens(chain: Chain | None) -> list[dict[str, Any]]:
        if chain is None:
            return []
        native = {**chain.manifest["native"], "address": ZERO_ADDRESS}
        return [*chain.manifest["tokens"], native]


def _attempt_line(attempt: Attempt) -> str:
    parts = [
        f"{attempt.purpose} {attempt.state}",
        f"{_('number')} {attempt.nonce}",
        attempt.tx_hash,
    ]
    if attempt.block_number is not None:
        parts.append(_("block %(block)s") % {"block": attempt.block_number})
    if attempt.gas_used is not None:
        parts.append(_("gas %(gas)s") % {"gas": attempt.gas_used})
    if attempt.revert:
        parts.append(str(attempt.revert.get("name", "")))
    if attempt.replaces_id is not None:
        parts.append(_("replaces an earlier one"))
    return " · ".join(parts)


def _clock(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
