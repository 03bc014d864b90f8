"""Deposit addresses of orders: where they are, what lies there, and how they are read block by block.

What is read with a block is bounded, however many addresses are watched: those that an order still waits for
with every block, the others in turn. Only tokens of the manifest and the native coin are looked for: a token
that anybody can make up must not have us pay gas.
"""

import time
from collections.abc import Collection, Sequence
from typing import Final

from django.db.models import QuerySet

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import CallResult, client
from intents.chains.manifest import ChainManifest
from intents.contracts.addresses import deposit_address_of
from intents.lifecycle import OrderState
from intents.models import ChainLog, Deposit, Order

DEPOSIT: Final = "deposit"
PERMIT: Final = "permit"
# The contract without which a chain has no deposit addresses.
IMPLEMENTATION: Final = "deposit_implementation"
WAYS: Final = frozenset({DEPOSIT, PERMIT})

DAY_SECONDS: Final = 24 * 3600
# An order ends within two days; its address is watched for 30 days after that.
WATCHED_SECONDS: Final = 32 * DAY_SECONDS
AWAITED_AT_ONCE: Final = 100
SWEPT_AT_ONCE: Final = 8
SWEEP_SECONDS: Final = 5.0

_AWAITED: Final = (
    OrderState.AWAITING_DEPOSIT,
    OrderState.OPENING,
    OrderState.REFUND_DUE,
    OrderState.REFUNDING,
)

Call = tuple[str, bytes]


def address_of(order_id: bytes, *, origin: ChainManifest) -> str:
    """The deposit address of an order: the same on every chain, made by the settler when it is needed."""
    return deposit_address_of(
        order_id,
        settler=origin.address("input_settler"),
        implementation=origin.address(IMPLEMENTATION),
    )


def watch(order: Order, *, origin: ChainManifest) -> None:
    """Watch an order's deposit address from now on; a second call changes nothing."""
    Deposit.objects.get_or_create(
        order=order,
        defaults={
            "chain_id": origin.chain_id,
            "address": address_of(bytes.fromhex(order.order_id[2:]), origin=origin),
            "token": order.input_token,
            "watched_until": time.time() + WATCHED_SECONDS,
        },
    )


def held_at(deposit: Deposit, token: str) -> int:
    """Base units of a token that the follower saw there last."""
    return int(deposit.held.get(token, 0))


def read_now(deposit: Deposit, *, origin: ChainManifest) -> dict[str, int]:
    """Base units by token of everything there now, read from the chain; raises what reads raise."""
    asked = _everything(deposit, origin)
    answers = client(origin.chain_id).multicall([call for _, call in asked])
    return {
        token: amount
        for (token, _), answer in zip(asked, answers, strict=True)
        if (amount := _amount(answer) or 0)
    }


class DepositReader:
    """What one chain's follower reads of deposit addresses with each block, and writes of the answers.

    The questions for the next block are chosen when a block is written, on the thread that writes.
    """

    def __init__(self, manifest: ChainManifest) -> None:
        self._manifest = manifest
        self._asked: list[tuple[str, str, Call]] = []
        self._last_awaited = ""
        self._last_swept = {True: "", False: ""}
        self._swept_at = 0.0

    def calls(self) -> list[Call]:
        """The questions for the next block."""
        return [call for _, _, call in self._asked]

    def choose(self) -> None:
        """Choose the next questions: at most AWAITED_AT_ONCE inputs, and now and then a few whole addresses."""
        awaited = self._rows().filter(order__state__in=_AWAITED, order__confirm_way=DEPOSIT)
        rows = _next(awaited, self._last_awaited, AWAITED_AT_ONCE)
        self._last_awaited = rows[-1].pk if len(rows) == AWAITED_AT_ONCE else ""
        asked = [(row.pk, row.token, _balance_call(self._manifest, row.token, row.address)) for row in rows]
        if time.time() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.time()
            asked += self._sweep(is_young=True) + self._sweep(is_young=False)
        self._asked = list({(pk, token): (pk, token, call) for pk, token, call in asked}.values())

    def write(
        self, results: Sequence[CallResult] | None, *, block_number: int, logs: Collection[ChainLog]
    ) -> set[str]:
        """Write what is there at `block_number`; the orders whose address changed.

        `logs` are those of the blocks up to there: what they took out counts also without an answer.
        """
        seen: dict[str, dict[str, int]] = {}
        for log in logs:
            if log.kind == "Recovered":
                seen.setdefault(log.order_id, {})[log.data["token"]] = 0
            if log.kind == "Open":
                token = f"0x{int(log.data['order']['inputs'][0][0]):040x}"
                seen.setdefault(log.order_id, {})[token] = 0
        if results is not None and len(results) == len(self._asked):
            for (order_id, token, _), result in zip(self._asked, results, strict=True):
                amount = _amount(result)
                if amount is not None:
                    seen.setdefault(order_id, {})[token] = amount
        return self._changed(seen, block_number) if seen else set()

    def _changed(self, seen: dict[str, dict[str, int]], block_number: int) -> set[str]:
        changed = set()
        for row in Deposit.objects.filter(pk__in=list(seen)):
            known = {token.lower(): token for token in row.held} | {row.token.lower(): row.token}
            held = {token: int(text) for token, text in row.held.items()}
            held |= {known.get(token.lower(), token): amount for token, amount in seen[row.pk].items()}
            texts = {token: str(amount) for token, amount in held.items() if amount}
            if texts == row.held:
                continue
            Deposit.objects.filter(pk=row.pk).update(held=texts, block_number=block_number)
            changed.add(row.pk)
        return changed

    def _sweep(self, *, is_young: bool) -> list[tuple[str, str, Call]]:
        since = time.time() + WATCHED_SECONDS - DAY_SECONDS
        rows = self._rows().filter(**{"watched_until__gt" if is_young else "watched_until__lte": since})
        found = _next(rows, self._last_swept[is_young], SWEPT_AT_ONCE)
        self._last_swept[is_young] = found[-1].pk if len(found) == SWEPT_AT_ONCE else ""
        return [(row.pk, token, call) for row in found for token, call in _everything(row, self._manifest)]

    def _rows(self) -> QuerySet[Deposit]:
        return Deposit.objects.filter(chain_id=self._manifest.chain_id, watched_until__gt=time.time())


def _next(rows: QuerySet[Deposit], after: str, most: int) -> list[Deposit]:
    """The next `most` rows after a key, from the beginning again after the last."""
    return list(rows.filter(pk__gt=after).order_by("pk")[:most])


def _everything(row: Deposit, manifest: ChainManifest) -> list[tuple[str, Call]]:
    tokens = [token.address for token in manifest.tokens if token.address != ZERO_ADDRESS]
    return [(token, _balance_call(manifest, token, row.address)) for token in (*tokens, ZERO_ADDRESS)]


def _balance_call(manifest: ChainManifest, token: str, holder: str) -> Call:
    if token == ZERO_ADDRESS:
        return manifest.address("multicall3"), encode_call("getEthBalance(address)", (holder,))
    return token, encode_call("balanceOf(address)", (holder,))


def _amount(answer: CallResult) -> int | None:
    if not answer.is_success or len(answer.data) < 32:
        return None
    return int.from_bytes(answer.data[:32], "big")
