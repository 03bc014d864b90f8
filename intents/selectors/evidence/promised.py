"""What was promised against what happened: amount, time, and each fee against what our transactions cost."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from intents.amounts import divide_up
from intents.engine.receipts import message_wei
from intents.models import Attempt
from intents.selectors.amounts import shown_amount
from intents.selectors.card import FEES
from intents.selectors.network import chain_name, connected_chains
from intents.selectors.sentences import PURPOSES, words
from intents.selectors.steps import amount_words
from intents.selectors.timeline import elapsed_seconds

from .attempts import StepEvidence
from .coins import CoinPrices
from .dossier import Dossier
from .eyes import Eyes

# What those lines of a quote are for: everything that we send.
_GAS_LINES = ("network_fee", "proof", "gas")


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that was promised; `is_kept` is None while nobody knows."""

    name: str
    promised: str
    actual: str
    is_kept: bool | None


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of the quote."""

    label: str
    amount: str
    usd_e8: int | None
    is_gas: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What the transactions of one purpose on one chain cost us; of a shared one this order's part."""

    title: str
    chain: str
    count: int
    gas: int
    fee: str
    usd_e8: int | None


@dataclass(frozen=True, slots=True)
class Promised:
    """USD × 10^8; sums are None when a part is not known."""

    promises: tuple[Promise, ...]
    fees: tuple[FeeLine, ...]
    costs: tuple[Cost, ...]
    quoted_gas_usd_e8: int | None
    real_gas_usd_e8: int | None

    @property
    def gas_difference_e8(self) -> int | None:
        """How much less than quoted our transactions cost; negative when they cost more."""
        if self.quoted_gas_usd_e8 is None or self.real_gas_usd_e8 is None:
            return None
        return self.quoted_gas_usd_e8 - self.real_gas_usd_e8


def promised(case: Dossier, steps: tuple[StepEvidence, ...], prices: CoinPrices, eyes: Eyes) -> Promised:
    """Compare the quote with what happened so far."""
    fees = tuple(_fee_lines(case, eyes))
    costs = tuple(_costs(case, steps, prices))
    return Promised(
        promises=tuple(_promises(case, eyes)),
        fees=fees,
        costs=costs,
        quoted_gas_usd_e8=_sum([line.usd_e8 for line in fees if line.is_gas]),
        real_gas_usd_e8=_sum([cost.usd_e8 for cost in costs]),
    )


def _promises(case: Dossier, eyes: Eyes) -> list[Promise]:
    order = case.order

    def said(units: int | None) -> str:
        if units is None:
            return "–"
        return eyes.text(amount_words(order.destination_id, order.output_token, units))

    delivered = order.delivered_amount
    found = [
        Promise(
            _("At least"),
            said(order.output_amount),
            said(delivered),
            None if delivered is None else delivered >= order.output_amount,
        ),
        Promise(
            _("Expected"),
            said(order.output_expected),
            said(delivered),
            None if delivered is None else delivered >= order.output_expected,
        ),
    ]
    eta = case.quote.eta_seconds if case.quote else None
    if eta is not None:
        took = elapsed_seconds(order, case.now)
        is_over = order.delivered_at is not None
        found.append(
            Promise(
                _("Time"),
                _("%(seconds)s s") % {"seconds": eta},
                _("%(seconds)s s") % {"seconds": f"{took:.1f}"},
                took <= eta if is_over else (None if took <= eta else False),
            )
        )
    return found


def _fee_lines(case: Dossier, eyes: Eyes) -> list[FeeLine]:
    quote = case.quote
    found = []
    for fee in quote.fees if quote else ():
        kind = str(fee.get("kind", ""))
        chain_id = int(fee.get("chain_id") or case.order.origin_id)
        token = str(fee.get("token") or case.order.input_token)
        sign = -1 if fee.get("is_gain") else 1
        usd = fee.get("usd_e8")
        found.append(
            FeeLine(
                label=f"{words(FEES, kind)} ({kind})",
                amount=eyes.text(amount_words(chain_id, token, int(fee.get("amount") or 0))),
                usd_e8=None if usd is None else sign * int(usd),
                is_gas=kind in _GAS_LINES,
            )
        )
    return found


def _costs(case: Dossier, steps: tuple[StepEvidence, ...], prices: CoinPrices) -> list[Cost]:
    shares = {view.tx_hash: 1 + len(view.serves) for step in steps for view in step.attempts}
    groups: dict[tuple[int, str], list[Attempt]] = {}
    for row in case.attempts:
        if row.cost_wei is not None:
            groups.setdefault((row.chain_id, row.purpose.partition(":")[0]), []).append(row)
    found = []
    for (chain_id, purpose), rows in groups.items():
        gas = sum(divide_up(row.gas_used or 0, shares.get(row.tx_hash, 1)) for row in rows)
        wei = sum(
            divide_up((row.cost_wei or 0) + message_wei(row), shares.get(row.tx_hash, 1)) for row in rows
        )
        manifest = connected_chains().get(chain_id)
        symbol, decimals = (manifest.native.symbol, manifest.native.decimals) if manifest else ("", 18)
        found.append(
            Cost(
                title=words(PURPOSES, purpose),
                chain=chain_name(chain_id),
                count=len(rows),
                gas=gas,
                fee=f"{shown_amount(wei, decimals)} {symbol}",
                usd_e8=prices.coins_usd_e8(chain_id, wei),
            )
        )
    return found


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
