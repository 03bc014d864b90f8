"""The books against the chains: what the escrow and our account really hold, and why that may differ for a while."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db import connection, transaction

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import (
    CallResult,
    call_request,
    client,
    multicall_request,
    parse_head,
    parse_multicall,
)
from intents.chains.endpoints import RpcUnavailable
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError
from intents.models import ChainHead

from . import ledger, withheld
from .ledger import Difference
from .outside import HOLDERS
from .receipts import TRANSFER
from .unbooked import ESCROW, Unbooked, known_transactions, moving, unbooked, weighed

Balances = Mapping[tuple[int, str, str], int]
# How far back a transfer that nobody told us of is looked for.
STRANGE_BLOCKS: Final = 1000
MOST_STRANGE: Final = 5
_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Strange:
    """A transfer to or from a place of ours in a transaction that we know nothing of, base units; out is negative."""

    tx_hash: str
    block_number: int
    other: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """One token in one place of ours: what the books say, what the chain says, and what accounts for the rest.

    `under_way` are the facts without an entry; base units throughout.
    """

    token: str
    account: str
    booked: int
    held: int
    under_way: tuple[Unbooked, ...] = ()
    strange: tuple[Strange, ...] = ()

    @property
    def unexplained(self) -> int:
        """What the chain has beyond the books and the facts that will be booked; 0 when all is well."""
        difference = self.held - self.booked
        if not difference:
            return 0
        return difference - sum(self.effect(each) for each in self.under_way if each.is_awaited)

    def effect(self, found: Unbooked) -> int:
        """What a fact put in here."""
        place = (self.token, self.account)
        return sum(each.amount for each in found.effects if (each.token, each.account) == place)


@dataclass(frozen=True, slots=True)
class ChainAudit:
    """One chain's books at one block; `unknown` says why nothing could be compared.

    `on_the_way` are base units by token that left our account here over a bridge and have not arrived, `withheld`
    those that the escrow owes us and holds, since the token refused to pay us.
    """

    chain: ChainManifest
    block: int | None = None
    seen_at: float = 0.0
    unknown: str = ""
    lines: tuple[Line, ...] = ()
    on_the_way: Mapping[str, int] = field(default_factory=dict)
    withheld: Mapping[str, int] = field(default_factory=dict)

    @property
    def unexplained(self) -> list[Line]:
        """Where the books are wrong, or miss something."""
        return [line for line in self.lines if line.unexplained]

    @property
    def is_in_order(self) -> bool:
        """Whether everything was compared, and agrees."""
        return not self.unknown and not self.unexplained


@dataclass(frozen=True, slots=True)
class _Written:
    """What the database says of a chain in one moment; `facts` is None where they were not asked for."""

    head: ChainHead | None
    facts: tuple[Unbooked, ...] | None
    withheld: Mapping[str, int]


def ledger_check() -> list[Difference]:
    """Where the books disagree with the chains' newest blocks; empty when all is well and nothing is under way.

    A transfer that nobody booked shows here: the owner's deposits and withdrawals of stock, a token
    sent to the escrow by mistake, or a fact we missed. Reads every chain once; raises what reads raise.
    """
    held: dict[tuple[int, str, str], int] = {}
    for manifest in registry.all_chains().values():
        places = _places(manifest)
        held |= _held(manifest, places, client(manifest.chain_id).multicall(_calls(manifest, places)))
    return ledger.compared(_by_contract(ledger.balances()), held)


def audit(*, patience_seconds: float = 0.0, pause: Callable[[float], None] = time.sleep) -> list[ChainAudit]:
    """Every connected chain's books at the newest block that is written, by chain id.

    Chains that are not in order are looked at again until they are, for at most `patience_seconds`. Raises
    nothing of a chain that does not answer: that one is unknown.
    """
    until = time.monotonic() + patience_seconds
    found: dict[int, ChainAudit] = {}
    waiting = dict(registry.all_chains())
    has_facts = False
    while waiting:
        booked, written = _written(waiting, has_facts=has_facts)
        for chain_id, manifest in waiting.items():
            found[chain_id] = _audit_chain(manifest, booked, written[chain_id])
        waiting = {key: manifest for key, manifest in waiting.items() if not found[key].is_in_order}
        if has_facts and time.monotonic() >= until:
            break
        if has_facts and waiting:
            pause(_PAUSE_SECONDS)
        # Of most chains nothing is under way: their facts need not be looked through.
        has_facts = True
    return [found[chain_id] for chain_id in sorted(found)]


def _written(chains: Mapping[int, ChainManifest], *, has_facts: bool) -> tuple[Balances, dict[int, _Written]]:
    """Books and facts of one moment: what is in a written block is either booked, or among the facts."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        heads = ChainHead.objects.in_bulk(list(chains))
        facts = {key: tuple(unbooked(manifest)) for key, manifest in chains.items() if has_facts}
        owed = withheld.amounts()
        written = {key: _Written(heads.get(key), facts.get(key), _of_chain(owed, key)) for key in chains}
        return ledger.balances(), written


def _of_chain(owed: Mapping[tuple[int, str], int], wanted: int) -> dict[str, int]:
    return {token: amount for (chain_id, token), amount in owed.items() if chain_id == wanted}


def _audit_chain(manifest: ChainManifest, booked: Balances, written: _Written) -> ChainAudit:
    if written.head is None:
        return ChainAudit(manifest, unknown="the follower has written no block of it")
    try:
        return _compared(manifest, booked, written.head, written)
    except WaymeetError as error:
        return ChainAudit(manifest, written.head.number, written.head.seen_at, unknown=str(error))


def _compared(manifest: ChainManifest, booked: Balances, head: ChainHead, written: _Written) -> ChainAudit:
    facts = written.facts
    held = _held_at(manifest, head)
    by_contract = _by_contract(booked)
    is_explained = facts is not None and bool(ledger.compared(by_contract, held))
    under_way = tuple(_weighed(manifest, facts or (), block=head.number)) if is_explained else ()
    lines = [
        _line(Line(token, account, by_contract.get(key, 0), amount), under_way)
        for key, amount in sorted(held.items())
        for _, token, account in [key]
    ]
    transit = str(ledger.Account.TRANSIT)
    return ChainAudit(
        manifest,
        head.number,
        head.seen_at,
        lines=tuple(_with_strange(manifest, line, head.number) if is_explained else line for line in lines),
        on_the_way={
            token: amount
            for (chain_id, token, account), amount in booked.items()
            if chain_id == manifest.chain_id and account == transit
        },
        withheld=written.withheld,
    )


def _weighed(manifest: ChainManifest, facts: tuple[Unbooked, ...], *, block: int) -> Iterator[Unbooked]:
    for each in (*facts, *moving(manifest)):
        found = weighed(each, manifest, block=block)
        if found is not None:
            yield found


def _line(line: Line, under_way: tuple[Unbooked, ...]) -> Line:
    if line.held == line.booked:
        return line
    mine = tuple(each for each in under_way if line.effect(each))
    return Line(line.token, line.account, line.booked, line.held, mine)


def _with_strange(manifest: ChainManifest, line: Line, block: int) -> Line:
    if not line.unexplained or line.token == ZERO_ADDRESS:
        return line
    strange = tuple(_strange(manifest, line, block))
    return Line(line.token, line.account, line.booked, line.held, line.under_way, strange)


def _strange(manifest: ChainManifest, line: Line, block: int) -> list[Strange]:
    """The newest transfers that could be the reason; none where the node does not tell."""
    holder = manifest.address(HOLDERS[line.account]).lower()
    place = "0x" + holder[2:].rjust(64, "0")
    start = max(0, block - STRANGE_BLOCKS)
    try:
        logs = [
            log
            for topics in ([TRANSFER, place], [TRANSFER, None, place])
            for log in client(manifest.chain_id).logs(
                from_block=start, to_block=block, addresses=[line.token], topics=topics
            )
            if len(log.topics) == 3
        ]
    except WaymeetError:
        return []
    known = known_transactions({log.tx_hash for log in logs})
    found = []
    for log in sorted(logs, key=lambda each: each.block_number, reverse=True):
        if log.tx_hash in known:
            continue
        is_out = log.topics[1] == place
        other = "0x" + log.topics[2 if is_out else 1][-40:]
        amount = int.from_bytes(log.data, "big") * (-1 if is_out else 1)
        found.append(Strange(log.tx_hash, log.block_number, other, amount))
    return found[:MOST_STRANGE]


def _by_contract(booked: Balances) -> dict[tuple[int, str, str], int]:
    """What a payout could not deliver is still in the escrow contract."""
    found = dict(booked)
    for chain_id, token, account in booked:
        if account == ledger.Account.CLAIMABLE:
            amount = found.pop((chain_id, token, account))
            escrow = (chain_id, token, ESCROW)
            found[escrow] = found.get(escrow, 0) + amount
    return found


def _places(manifest: ChainManifest) -> list[tuple[str, str]]:
    return [(asset.address, account) for asset in manifest.assets for account in HOLDERS]


def _calls(manifest: ChainManifest, places: list[tuple[str, str]]) -> list[tuple[str, bytes]]:
    multicall = manifest.address("multicall3")
    return [
        (multicall, encode_call("getEthBalance(address)", (manifest.address(HOLDERS[account]),)))
        if token == ZERO_ADDRESS
        else (token, encode_call("balanceOf(address)", (manifest.address(HOLDERS[account]),)))
        for token, account in places
    ]


def _held(
    manifest: ChainManifest, places: list[tuple[str, str]], answers: list[CallResult]
) -> dict[tuple[int, str, str], int]:
    held = {}
    for (token, account), answer in zip(places, answers, strict=True):
        if not answer.is_success or len(answer.data) < 32:
            # What was not compared is not in order.
            raise RpcUnavailable(f"{manifest.slug}: {token} does not say what our {account} holds")
        held[manifest.chain_id, token, account] = int.from_bytes(answer.data[:32], "big")
    return held


def _held_at(manifest: ChainManifest, head: ChainHead) -> dict[tuple[int, str, str], int]:
    """All balances at the written block. Raises RpcUnavailable where the node has another block there."""
    places = _places(manifest)
    to, data = multicall_request(manifest, _calls(manifest, places))
    answer, header = client(manifest.chain_id).batch(
        [call_request(to, data, head.number), ("eth_getBlockByNumber", [hex(head.number), False])]
    )
    if header is None or parse_head(header).hash != head.block_hash:
        raise RpcUnavailable(f"{manifest.slug}: its node has another block {head.number} than was written")
    return _held(manifest, places, parse_multicall(bytes.fromhex(answer[2:])))
