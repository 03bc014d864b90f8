"""Messages of ours that were on their way when everything we remembered was lost, found again on the chains.

Without that each order of a message would prove itself anew: the message knows whom it serves only by the
attempt that sent it.
"""

import time
from collections.abc import Sequence

import structlog
from django.db import IntegrityError, transaction

from intents.chains import accounts, registry
from intents.chains.adopted import adopted
from intents.chains.bridge import BridgeManifest
from intents.chains.events import MESSAGE_KINDS
from intents.chains.manifest import ChainManifest
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Step, StockMove
from intents.settlement import proofs
from intents.settlement.order import address_to_bytes32
from intents.venues.hyperlane_warp import is_departure

from . import ledger
from .actions.carry import hash_of, message_of
from .batches import MOST_PAYLOADS
from .bridging import ARRIVAL_LOG, paid_wei, purpose_of

log = structlog.get_logger(__name__)

# Solver or tag, then the order's id.
_ID = slice(32, 64)


def payloads_in(dispatched: ChainLog) -> list[bytes]:
    """What a message in a block brings from our settler by our oracle to our oracle, in its order.

    Anybody may write anything into a message, and have any contract attest it to our oracle: nothing of those.
    """
    source = registry.chain(dispatched.chain_id)
    try:
        message = proofs.parse_message(message_of(dispatched))
        application, payloads = proofs.payloads_of(message.body)
    except proofs.MessageMalformed:
        return []
    chains = registry.all_chains().values()
    origin = next((chain for chain in chains if chain.domain == message.destination), None)
    if origin is None or dispatched.address != source.address("mailbox"):
        return []
    way = (
        source.address("hyperlane_oracle"),
        origin.address("hyperlane_oracle"),
        source.address("output_settler"),
    )
    if (message.sender, message.recipient, application) != tuple(map(address_to_bytes32, way)):
        return []
    return [payload for payload in payloads if len(payload) >= _ID.stop][:MOST_PAYLOADS]


def order_of(payload: bytes) -> str:
    """The id of the order that a payload is about."""
    return "0x" + payload[_ID].hex()


def take_up_messages() -> int:
    """Write down again who is served by messages that orders still wait for; how many messages.

    For a database that was rebuilt, before anybody works on it. Only the relayer's messages are ours: nobody waits
    for a stranger's. Raises PublicKeyRefused when nobody says which account that is.
    """
    rows = ChainLog.objects.filter(kind="Dispatch").order_by("block_timestamp", "chain_id", "log_index")
    return sum(_take_up(row) for row in rows)


def _take_up(dispatched: ChainLog) -> bool:
    by_order: dict[str, list[bytes]] = {}
    for payload in payloads_in(dispatched):
        by_order.setdefault(order_of(payload), []).append(payload)
    steps = _waiting(dispatched.chain_id, list(by_order))
    if not steps or Attempt.objects.filter(tx_hash=dispatched.tx_hash).exists():
        return False
    first, *others = steps
    attempt = adopted(
        dispatched.chain_id,
        dispatched.tx_hash,
        role=accounts.RELAYER,
        target=registry.chain(dispatched.chain_id).address("hyperlane_oracle"),
        purpose="dispatch",
        step=first,
    )
    if attempt is None:
        return False
    with transaction.atomic():
        attempt.save()
        attempt.also.add(*others)
        for step in steps:
            # It may have been brought already, and nobody knows by which transaction.
            step.details |= {"payload_hash": hash_of(by_order[step.order_id]), "ask_origin": True}
            step.save(update_fields=["details"])
        left = ChainLog.objects.filter(tx_hash=dispatched.tx_hash, kind__in=list(MESSAGE_KINDS))
        left.update(order_id=first.order_id)
    log.info("rebuild.taken_up", tx_hash=dispatched.tx_hash, orders=len(steps))
    return True


def _waiting(destination_id: int, order_ids: Sequence[str]) -> list[Step]:
    """Proof steps of these orders that nothing was sent for yet, as far as we know."""
    steps = Step.objects.filter(
        kind=StepKind.PROVE,
        state=StepState.READY,
        chain_id=destination_id,
        order_id__in=order_ids,
        order__state=OrderState.FILLED,
        attempts=None,
        shared_attempts=None,
    )
    return list(steps.order_by("order_id"))


def take_up_stock() -> int:
    """Carry on what of our own stock left over a bridge and has not arrived; how many moves.

    As `take_up_messages`, with the operator. Of one token of one chain the oldest only: as always one moves at a
    time, and anybody may hand the messages of others to the Mailbox. The books have it under way afterwards.
    """
    rows = ChainLog.objects.filter(kind="Dispatch").order_by("block_timestamp", "chain_id", "log_index")
    return sum(_carry_on(row) for row in rows)


def _carry_on(dispatched: ChainLog) -> bool:
    found = _departure(dispatched)
    if found is None or Attempt.objects.filter(tx_hash=dispatched.tx_hash).exists():
        return False
    source, end, destination, arriving, amount = found
    move = StockMove(
        kind=StockMove.Kind.BRIDGE,
        state=StockMove.State.IN_TRANSIT,
        route=end.route,
        source_id=source.chain_id,
        source_token=end.token,
        destination_id=destination.chain_id,
        destination_token=arriving.token,
        amount=amount,
        wake_at=time.time(),
    )
    attempt = adopted(
        source.chain_id,
        dispatched.tx_hash,
        role=accounts.OPERATOR,
        target=source.address("solver_account"),
        purpose="bridge",
        step=None,
    )
    if attempt is None:
        return False
    try:
        with transaction.atomic():
            move.save()
            attempt.purpose = purpose_of(move, "bridge")
            attempt.save()
            ledger.book_move_departure(move, fee_wei=paid_wei(dispatched))
    except IntegrityError:
        log.warning("rebuild.stock_left_to_others", tx_hash=dispatched.tx_hash, amount=str(amount))
        return False
    return True


def _departure(
    dispatched: ChainLog,
) -> tuple[ChainManifest, BridgeManifest, ChainManifest, BridgeManifest, int] | None:
    """From where to where, and how much, of a message by which our account sent to itself and that has not arrived."""
    source, encoded = registry.chain(dispatched.chain_id), message_of(dispatched)
    for destination in registry.all_chains().values():
        for end in source.bridges:
            arriving = destination.bridge(end.route)
            if arriving is None or not is_departure(
                encoded, source=end, destination=destination, arriving=arriving
            ):
                continue
            body = proofs.parse_message(encoded).body
            message_id = "0x" + proofs.message_id(encoded).hex()
            arrivals = ChainLog.objects.filter(chain_id=destination.chain_id, kind=ARRIVAL_LOG)
            is_to_us = body[:32] == address_to_bytes32(destination.address("solver_account"))
            if is_to_us and not arrivals.filter(data__messageId=message_id).exists():
                return source, end, destination, arriving, int.from_bytes(body[32:64], "big")
    return None
