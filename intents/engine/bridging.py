"""What a move over a bridge sends, and what of it the chains show."""

from collections.abc import Sequence
from dataclasses import dataclass

from intents.chains import registry
from intents.chains.accounts import OPERATOR, RELAYER
from intents.chains.bridge import BridgeManifest
from intents.chains.calls import ZERO_ADDRESS, Call
from intents.chains.client import client
from intents.chains.clock import ClockUnknown
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError
from intents.lifecycle import AttemptState, OrderState, StepKind
from intents.models import Attempt, ChainHead, ChainLog, Order, Step, StockMove
from intents.settlement import calls, proofs
from intents.venues import hyperlane_warp

from . import reservations
from .case import Wait
from .depth import block_at_depth, depth_of, final_depth
from .flight import standing
from .reservations import Claim
from .signatures import collect

SIGNATURE_POLL_SECONDS = 0.5
REACTION_SECONDS = 4.0
# What the one arrival of a message leaves on its chain.
ARRIVAL_LOG = "ProcessId"

_WAITING = (OrderState.OPENED, OrderState.FILLING)


class BridgeNotListed(WaymeetError):
    """A manifest no longer names the bridge that a move goes over."""

    code = "bridge_not_listed"
    retry = True


@dataclass(frozen=True, slots=True)
class Sent:
    """A call and who sends it."""

    call: Call
    role: str


def purpose_of(move: StockMove, purpose: str) -> str:
    """How a move's transactions are told from another move's."""
    return f"{purpose}:{move.pk}"


def tries(move: StockMove, *purposes: str) -> Sequence[Attempt]:
    """A move's attempts, oldest first; all purposes when none is named."""
    named = [purpose_of(move, purpose) for purpose in purposes or ("bridge", "arrive", "trade")]
    return list(Attempt.objects.filter(step=move.step, purpose__in=named).order_by("id"))


def flying(move: StockMove, purpose: str) -> Attempt | None:
    """The attempt that succeeded or still may."""
    attempts = tries(move, purpose)
    hashes = [attempt.tx_hash for attempt in attempts]
    logged = ChainLog.objects.filter(tx_hash__in=hashes).values_list("tx_hash", flat=True) if hashes else ()
    return standing(attempts, set(logged))


def departed(move: StockMove) -> ChainLog | None:
    """The Mailbox's log of this move's message, if it is in a block."""
    source, destination = registry.chain(move.source_id), registry.chain(move.destination_id)
    sent = {attempt.tx_hash: attempt for attempt in tries(move, "bridge")}
    rows = ChainLog.objects.filter(chain_id=move.source_id, kind="Dispatch", tx_hash__in=list(sent))
    for row in rows:
        is_ours = row.address == source.address("mailbox") and hyperlane_warp.is_departure(
            _message(row), source=_end(source, move), destination=destination,
            arriving=_end(destination, move),
        )  # fmt: skip
        if is_ours:
            _confirm(sent[row.tx_hash], row)
            return row
    return None


def arrived(move: StockMove) -> ChainLog | None:
    """The Mailbox's log of the message's arrival, whoever brought it."""
    left = departed(move)
    if left is None:
        return None
    message_id = "0x" + proofs.message_id(_message(left)).hex()
    mailbox = registry.chain(move.destination_id).address("mailbox")
    sent = {attempt.tx_hash: attempt for attempt in tries(move, "arrive")}
    rows = ChainLog.objects.filter(
        chain_id=move.destination_id, kind=ARRIVAL_LOG, address=mailbox, data__messageId=message_id
    )
    row = rows.filter(tx_hash__in=list(sent)).first() or rows.first()
    if row is not None and row.tx_hash in sent:
        _confirm(sent[row.tx_hash], row)
    return row


def departure_call(move: StockMove) -> Sent | None:
    """The transaction that sends the stock off; None while the message costs more than we pay."""
    source, destination = registry.chain(move.source_id), registry.chain(move.destination_id)
    end = _end(source, move)
    view = hyperlane_warp.fee_of(end, destination)
    fee = int.from_bytes(client(source.chain_id).call(view.target, view.data), "big")
    if fee > end.fee_bound_wei:
        return None
    swap = hyperlane_warp.departure(end, destination, amount=move.amount, fee_wei=fee)
    return Sent(calls.trade([swap], token_out=ZERO_ADDRESS, least=0, chain=source), OPERATOR)


def paid_wei(left: ChainLog) -> int:
    """What our account's coins paid for a departure's message, as the transaction that we stored says."""
    attempt = Attempt.objects.filter(tx_hash=left.tx_hash).first()
    return calls.coins_of_trade(bytes.fromhex(attempt.calldata[2:])) if attempt is not None else 0


def arrival_call(move: StockMove, left: ChainLog) -> tuple[Sent | None, Wait]:
    """The transaction that brings the message in, or why there is none yet."""
    source, destination = registry.chain(move.source_id), registry.chain(move.destination_id)
    reason = until_depth(move.source_id, left.block_number)
    if reason is not None:
        return None, reason
    message = _message(left)
    # The validators of the chain it comes from attest it to the one it goes to, as with any proof.
    found = collect(message, origin=destination, destination=source)
    if found.metadata is None:
        return None, Wait("waiting_for_validators", found.params(), seconds=SIGNATURE_POLL_SECONDS)
    call = calls.process(message, metadata=found.metadata, origin=destination)
    return Sent(call, RELAYER), Wait("in_block", seconds=3.0)


def until_depth(chain_id: int, block_number: int) -> Wait | None:
    """None once the block is final."""
    manifest = registry.chain(chain_id)
    need, have = final_depth(manifest), depth_of(block_number, head=_head(chain_id))
    if have >= need:
        return None
    block = (chain_id, block_at_depth(block_number, need))
    seconds = min(max(1.0, (need - have) * manifest.block_seconds), 10.0)
    return Wait("waiting_for_blocks", {"have": have, "need": need}, seconds=seconds, block=block)


def expected_seconds(move: StockMove) -> float:
    """How long the way over the bridge takes when nothing is late."""
    source, destination = registry.chain(move.source_id), registry.chain(move.destination_id)
    return source.depth * source.block_seconds + 2 * destination.block_seconds + REACTION_SECONDS


def arriving_claim(move: StockMove) -> Claim:
    """What will be in our account's stock on the destination."""
    holder = registry.chain(move.destination_id).address("solver_account")
    return Claim(move.destination_id, move.destination_token, holder, move.amount)


def is_awaited(move: StockMove) -> bool:
    """Whether the fill that it was sent for still waits for it."""
    if move.order is None:
        return False
    row = Order.objects.filter(pk=move.order.pk).values_list("state", "resume_state").first()
    return row is not None and any(state in _WAITING for state in row)


def is_wanted(move: StockMove) -> bool:
    """Whether what has not left yet should still leave: nobody's order, or one whose fill counts on this move."""
    if move.order is None:
        return True
    fill = Step.objects.filter(order=move.order, kind=StepKind.FILL).values_list("details", flat=True).first()
    return is_awaited(move) and ((fill or {}).get("bridge") or {}).get("move") == move.pk


def read_stock(move: StockMove) -> None:
    """Have the stock's row know at once what has arrived."""
    claim = arriving_claim(move)
    balance = client(claim.chain_id).token_balance(claim.token, claim.holder)
    reservations.refresh(
        chain_id=claim.chain_id, token=claim.token, holder=claim.holder, balance=balance,
        block_number=_head(claim.chain_id),
    )  # fmt: skip


def _end(manifest: ChainManifest, move: StockMove) -> BridgeManifest:
    end = manifest.bridge(move.route)
    if end is None:
        raise BridgeNotListed(f"{manifest.slug}: {move.route}", route=move.route)
    return end


def _message(row: ChainLog) -> bytes:
    return bytes.fromhex(row.data["message"][2:])


def _head(chain_id: int) -> int:
    number = ChainHead.objects.filter(chain_id=chain_id).values_list("number", flat=True).first()
    if number is None:
        raise ClockUnknown(f"no head of chain {chain_id} seen yet", chain=str(chain_id))
    return int(number)


def _confirm(attempt: Attempt, row: ChainLog) -> None:
    if attempt.state != AttemptState.CONFIRMED:
        Attempt.objects.filter(pk=attempt.pk).update(
            state=AttemptState.CONFIRMED, block_number=row.block_number
        )
