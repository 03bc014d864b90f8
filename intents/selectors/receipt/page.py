"""The receipt as people read and print it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from intents.models import Order
from intents.selectors.card import FEES
from intents.selectors.masking import shown_address
from intents.selectors.network import NATIVE, chain_name, explorer_url, token_name
from intents.selectors.sentences import PURPOSES, SHOWN, words
from intents.selectors.steps import amount_words

from .document import receipt_json

TITLES: Final[dict[str, Any]] = {
    "locked": _("Locked in the contract"),
    "delivered": _("Paid out"),
    "gas_on_arrival": _("Gas on arrival"),
    "call": _("Call on arrival"),
    "returned": _("Sent back"),
    "held": _("Waiting for you"),
}
CALLS: Final[dict[str, Any]] = {"made": _("made"), "failed": _("failed; the tokens themselves arrived")}
OUTCOMES: Final[dict[str, Any]] = {
    "delivered": SHOWN["delivered"],
    "returned": SHOWN["returned"],
    "waiting": SHOWN["waiting_for_you"],
    "running": _("Not over yet"),
}
# Paid by whoever transfers, in the wallet; our books know nothing of it.
OWN_WAYS: Final = ("native", "batch")


@dataclass(frozen=True, slots=True)
class ProofView:
    """Where on a chain a line stands; `log_index` is None for a whole transaction."""

    chain: str
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int | None
    explorer_url: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One line: what was said beforehand, what came of it, and the proof."""

    title: str
    quoted: str
    least: str
    actual: str
    to: str
    proof: ProofView


@dataclass(frozen=True, slots=True)
class FeeView:
    """One kind of fee as the offer named it."""

    label: str
    amount: str
    usd_e8: int | None


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt of one moment, addresses as the reader may see them."""

    order: Order
    outcome: str
    outcome_words: str
    user: str
    recipient: str
    origin: str
    destination: str
    given: str
    lines: tuple[LineView, ...]
    transactions: tuple[LineView, ...]
    gas: tuple[str, ...]
    fees: tuple[FeeView, ...]
    quoted_usd_e8: int | None
    actual_usd_e8: int | None
    is_gas_own: bool


def receipt_view(order: Order, *, may_see: bool) -> ReceiptView:
    """The receipt for a reader; `may_see` is whether addresses are shown whole."""
    document = receipt_json(order)
    fees = document["fees"] or {}
    transactions = document["transactions"]
    return ReceiptView(
        order=order,
        outcome=document["outcome"],
        outcome_words=str(OUTCOMES[document["outcome"]]),
        user=shown_address(order.user, may_see),
        recipient=shown_address(order.recipient, may_see),
        origin=chain_name(order.origin_id),
        destination=chain_name(order.destination_id),
        given=amount_words(order.origin_id, order.input_token, order.input_amount),
        lines=tuple(_line(line, may_see=may_see) for line in document["lines"]),
        transactions=tuple(_transaction(each) for each in transactions),
        gas=tuple(_gas(transactions)),
        fees=tuple(_fees(order, fees.get("lines", ()))),
        quoted_usd_e8=_number(fees.get("quoted_usd_e8")),
        actual_usd_e8=_number(fees.get("actual_usd_e8")),
        is_gas_own=order.confirm_way in OWN_WAYS,
    )


def _line(line: Mapping[str, Any], *, may_see: bool) -> LineView:
    def said(name: str) -> str:
        if name not in line:
            return ""
        if line["what"] == "call":
            return str(CALLS[line[name]])
        return amount_words(line["chain_id"], line["token"], int(line[name]))

    is_contract = line["what"] in ("locked", "call")
    return LineView(
        title=str(TITLES[line["what"]]),
        quoted=said("quoted"),
        least=said("least"),
        actual=said("actual"),
        to=line["to"] if is_contract else shown_address(line["to"], may_see),
        proof=_proof(line),
    )


def _transaction(line: Mapping[str, Any]) -> LineView:
    return LineView(
        title=words(PURPOSES, line["purpose"]),
        quoted="",
        least="",
        actual=amount_words(line["chain_id"], NATIVE, int(line["actual"])),
        to="",
        proof=_proof(line),
    )


def _proof(line: Mapping[str, Any]) -> ProofView:
    proof = line["proof"]
    return ProofView(
        chain=chain_name(line["chain_id"]),
        block_number=proof["block_number"],
        block_hash=proof["block_hash"],
        tx_hash=proof["tx_hash"],
        log_index=proof.get("log_index"),
        explorer_url=explorer_url(line["chain_id"], proof["tx_hash"]),
    )


def _gas(transactions: Iterable[Mapping[str, Any]]) -> list[str]:
    sums: dict[int, int] = defaultdict(int)
    for each in transactions:
        sums[each["chain_id"]] += int(each["actual"])
    return [
        f"{amount_words(chain_id, NATIVE, wei)} · {chain_name(chain_id)}" for chain_id, wei in sums.items()
    ]


def _fees(order: Order, lines: Iterable[Mapping[str, Any]]) -> list[FeeView]:
    sums: dict[tuple[str, int, str], tuple[int, int | None]] = {}
    for line in lines:
        key = words(FEES, line["kind"]), int(line["chain_id"] or order.destination_id), line["token"]
        sign = -1 if line["is_gain"] else 1
        amount, usd = sums.get(key, (0, 0))
        value = None if usd is None or line["usd_e8"] is None else usd + sign * int(line["usd_e8"])
        sums[key] = amount + sign * int(line["amount"]), value
    return [
        FeeView(label, f"{'+' if amount < 0 else ''}{_amount(chain_id, token, abs(amount))}", usd)
        for (label, chain_id, token), (amount, usd) in sums.items()
    ]


def _amount(chain_id: int, token: str, units: int) -> str:
    name = token_name(chain_id, token)
    return amount_words(chain_id, name.address, units)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
