"""What the escrow owes us and could not pay, since its token refused: held for our account until a claim pays it out.

Anybody may claim it for us, and a claim pays all that is held of a token at once. The open alert, one for each chain
and token, is the list of what is held.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from intents.chains import registry
from intents.chains.accounts import RELAYER
from intents.chains.calls import ZERO_ADDRESS, Call
from intents.chains.endpoints import SendRejected
from intents.chains.manifest import ChainManifest
from intents.chains.outcomes import attempt_outcome
from intents.chains.reverts import Reverted
from intents.chains.sender import submit
from intents.errors import WaymeetError
from intents.lifecycle import AttemptState
from intents.models import Alert, Attempt, ChainLog, LedgerEntry, Order
from intents.settlement import calls
from intents.solver.gas import GasRules

from . import alerts, ledger
from .flight import GAS_FACTOR, AttemptsChanged, standing
from .receipts import book_attempts
from .waiting_refunds import KIND as CLAIMED

log = structlog.get_logger(__name__)

PURPOSE: Final = "collect"
RETRY_SECONDS: Final = 3600.0
_ENDED: Final = (AttemptState.CONFIRMED, AttemptState.REVERTED, AttemptState.REPLACED)


def tell(chain_id: int, token: str) -> None:
    """Staff see that the escrow holds some of this token for us."""
    amount = str(amounts().get((chain_id, token), 0))
    key = f"{Alert.Kind.PAYOUT_HELD}:{chain_id}:{token}"
    alerts.begin(Alert.Kind.PAYOUT_HELD, key, chain_id=chain_id, token=token, amount=amount)


def amounts() -> Mapping[tuple[int, str], int]:
    """Base units by chain and token that the escrows hold for us by the books."""
    found: dict[tuple[int, str], int] = {}
    for entry in _held():
        key = (entry.chain_id, entry.token)
        found[key] = found.get(key, 0) + entry.amount
    return found


def claim_of(manifest: ChainManifest, order: Order) -> ChainLog | None:
    """The claim that paid out what was held for us of the order's input, if that was claimed."""
    ours = {"chain_id": manifest.chain_id, "data__user": manifest.address("solver_account")}
    held = ChainLog.objects.filter(
        order_id=order.pk, kind="PayoutHeld", data__token=order.input_token, **ours
    ).last()
    if held is None:
        return None
    later = Q(block_number__gt=held.block_number) | Q(
        block_number=held.block_number, log_index__gt=held.log_index
    )
    claims = ChainLog.objects.filter(later, kind=CLAIMED, data__token=order.input_token, **ours)
    return claims.order_by("block_number", "log_index").first()


def claimed(manifest: ChainManifest) -> list[tuple[Order, ChainLog]]:
    """Orders whose claims are in the chain's written blocks and not booked yet, with those claims."""
    orders = [entry.order for entry in _held().filter(chain_id=manifest.chain_id).select_related("order")]
    found = [(order, claim_of(manifest, order)) for order in orders if order is not None]
    return [(order, row) for order, row in found if row is not None]


def undo_claims(manifest: ChainManifest, claims: Iterable[ChainLog]) -> None:
    """A reorganised chain took these logs back, and they are deleted: the escrow holds again what they paid us."""
    for row in claims:
        if row.data["user"] != manifest.address("solver_account"):
            continue
        if ledger.unbook_collection(row.data["token"], chain_id=row.chain_id, tx_hash=row.tx_hash):
            tell(row.chain_id, row.data["token"])


def book_claims() -> None:
    """Book what was claimed of all that is held, by us or anybody, and end the alerts of what is held no more."""
    for alert in Alert.objects.filter(kind=Alert.Kind.PAYOUT_HELD, ended_at=None):
        manifest = registry.all_chains().get(alert.chain_id or 0)
        if manifest is not None:
            _book(manifest, alert)


def sweep_withheld() -> int:
    """Book what was claimed, and try every hour to claim the rest; how many tokens are still held."""
    left = Alert.objects.filter(kind=Alert.Kind.PAYOUT_HELD, ended_at=None)
    for alert in left:
        manifest = registry.all_chains().get(alert.chain_id or 0)
        if manifest is None:
            continue
        try:
            _look(manifest, alert)
        except WaymeetError as error:
            log.info("withheld.later", key=alert.key, code=error.code, error=str(error))
        except Exception:  # what one chain answers does not keep what others hold from being claimed
            log.exception("withheld.failed", key=alert.key)
    return left.all().count()


def _look(manifest: ChainManifest, alert: Alert) -> None:
    call = calls.claim(alert.data["token"], manifest.address("solver_account"), origin=manifest)
    tries = list(_tries(manifest.chain_id, call))
    _book_gas(tries)
    _book(manifest, alert)
    is_due = time.time() >= alert.data.get("tried_at", 0) + RETRY_SECONDS
    if is_due and Alert.objects.filter(pk=alert.pk, ended_at=None).exists():
        _push(manifest, alert, call, tries)


def _held() -> QuerySet[LedgerEntry]:
    collected = LedgerEntry.objects.filter(
        order_id=OuterRef("order_id"),
        debit=ledger.Account.CLAIMABLE,
        credit=ledger.Account.INVENTORY,
    )
    rows = LedgerEntry.objects.filter(memo=ledger.FINALISE, credit=ledger.Account.CLAIMABLE)
    return rows.filter(~Exists(collected)).order_by("id")


def _book(manifest: ChainManifest, alert: Alert) -> None:
    token = alert.data["token"]
    with transaction.atomic():
        found = [(order, row) for order, row in claimed(manifest) if order.input_token == token]
        # A reorganisation deletes the claim first and takes its entries back after that: what is gone is not booked,
        # and what is booked waits for nobody to be undone.
        there = ChainLog.objects.select_for_update().filter(pk__in={row.pk for _, row in found})
        known = set(there.values_list("pk", flat=True))
        for order, row in found:
            if row.pk in known:
                ledger.book_collection(order, tx_hash=row.tx_hash)
        left = amounts().get((manifest.chain_id, token), 0)
        if not left:
            alerts.end(alert.key)
        elif str(left) != alert.data.get("amount"):
            alert.data["amount"] = str(left)
            Alert.objects.filter(pk=alert.pk, ended_at=None).update(data=alert.data)


def _push(manifest: ChainManifest, alert: Alert, call: Call, tries: Sequence[Attempt]) -> None:
    # One whose log is there has done what it could; more was held since.
    hashes = [attempt.tx_hash for attempt in tries]
    logs = ChainLog.objects.filter(chain_id=manifest.chain_id, kind=CLAIMED, tx_hash__in=hashes)
    done = set(logs.values_list("tx_hash", flat=True))
    if standing([attempt for attempt in tries if attempt.tx_hash not in done], ()) is not None:
        return
    is_coin = alert.data["token"] == ZERO_ADDRESS
    try:
        submit(
            step=None,
            purpose=PURPOSE,
            chain_id=manifest.chain_id,
            role=RELAYER,
            call=call,
            guard=partial(_guard, alert, call, [attempt.pk for attempt in tries]),
            most_gas=GAS_FACTOR * GasRules().open if is_coin else 0,
        )
    except SendRejected:
        # Stored all the same: it is followed like any other.
        log.warning("withheld.not_taken", key=alert.key)
    except Reverted as reverted:
        log.info("withheld.refused", key=alert.key, revert=reverted.name)
    data = {**alert.data, "tried_at": time.time()}
    Alert.objects.filter(pk=alert.pk, ended_at=None).update(data=data)


def _tries(chain_id: int, call: Call) -> QuerySet[Attempt]:
    tries = Attempt.objects.filter(purpose=PURPOSE, chain_id=chain_id, calldata="0x" + call.data.hex())
    return tries.order_by("id")


def _book_gas(tries: Iterable[Attempt]) -> None:
    for attempt in tries:
        if attempt.state not in _ENDED:
            attempt_outcome(attempt)
        book_attempts(None, [attempt])


def _guard(alert: Alert, call: Call, known: list[int]) -> None:
    """Two workers never store two claims: the alert's row is held, and the attempts are those that were judged."""
    if not Alert.objects.filter(pk=alert.pk, ended_at=None).update(key=F("key")):
        raise AttemptsChanged(PURPOSE)
    if _tries(alert.chain_id or 0, call).exclude(pk__in=known).exists():
        raise AttemptsChanged(PURPOSE)
