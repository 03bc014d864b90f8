"""Measures the tokens of a chain: what they do when they are moved, not what they say.

Rehearsed on the chain's own state inside eth_call. Where the node cannot put code in place for a call, only what
can be read is measured; a local fork of the chain (`fork.forked`) can be asked instead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.chains.calls import encode_call
from intents.chains.client import call_request
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.chains.node import Node
from intents.chains.node_errors import Request, RpcError, RpcUnavailable

from . import rebasing
from . import token_scripts as scripts
from .rehearsal import Line, Outcome, outcomes, request
from .tokens import TokenFacts, TokenReport, judge

# Storage words that are tried for the mapping of balances, when nobody is known to hold any.
SLOTS: Final = 64
MADE_UP: Final = 10**12
MOST_MOVED: Final = 10**12
THIRTY_DAYS: Final = 30 * 86_400
# A holder that trades without a pause cannot be held against itself at two times.
MOST_TRIES: Final = 5
REQUESTS_AT_ONCE: Final = 100

Storage = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class _Subject:
    """A token under examination."""

    token: TokenManifest
    holder: str = ""
    balance: int = 0
    slot: str = ""
    traits: scripts.Traits | None = None

    @property
    def storage(self) -> Storage:
        """What is put into the token's storage before a rehearsal: the made-up balance, if it is one."""
        return made_up(self.token.address, self.slot)

    @property
    def amount(self) -> int:
        """What is moved: enough to see a tax, no more than is there."""
        return min(self.balance, MOST_MOVED)


def made_up(token: str, slot: str) -> Storage:
    """The storage that gives a holder a balance; none without a slot."""
    return {token: {slot: "0x" + MADE_UP.to_bytes(32, "big").hex()}} if slot else {}


def probe_tokens(manifest: ChainManifest, *, url: str = "") -> list[TokenReport]:
    """Every token of the manifest, measured on the first endpoint that answers, or on `url`.

    What would hold a token is measured again and only then said: its holder lives on while we look.
    Raises RpcUnavailable when no endpoint answers.
    """
    node = _node(manifest, url)
    first = _look(node, manifest, manifest.tokens)
    doubtful = [each.token for each in first if not each.is_good]
    again = {each.token.address: each for each in _look(node, manifest, doubtful)}
    return [again.get(each.token.address, each) for each in first]


def _look(node: Node, manifest: ChainManifest, tokens: Sequence[TokenManifest]) -> list[TokenReport]:
    subjects = [_Subject(token) for token in tokens]
    _find_holders(node, manifest, subjects)
    _find_slots(node, [each for each in subjects if not each.balance])
    said = _played(node, [(scripts.traits_of(each.token.address), {}) for each in subjects])
    for each, answers in zip(subjects, said, strict=True):
        each.traits = scripts.Traits(answers) if answers else None
    return [_report(node, each) for each in subjects]


def _node(manifest: ChainManifest, url: str) -> Node:
    urls = [url] if url else [endpoint.url for endpoint in manifest.endpoints]
    failures = []
    for each in urls:
        node = Node(each, manifest.chain_id)
        try:
            node.probe()
        except (RpcUnavailable, RpcError) as error:
            failures.append(str(error))
            continue
        return node
    raise RpcUnavailable("; ".join(failures) or f"{manifest.slug}: no endpoint")


def _find_holders(node: Node, manifest: ChainManifest, subjects: Sequence[_Subject]) -> None:
    """Whoever of those known to hold anything holds the most of each token."""
    known = [contract.address for contract in manifest.contracts.values()]
    known += [venue.address for venue in manifest.venues]
    known += [end.router for end in manifest.bridges]
    holders = list(dict.fromkeys(known))
    pairs = [(each, holder) for each in subjects for holder in holders]
    reads = [_balance_of(each.token.address, holder) for each, holder in pairs]
    for (each, holder), answer in zip(pairs, _asked(node, reads), strict=True):
        balance = _word(answer) or 0
        if balance > each.balance and holder != each.token.address:
            each.holder, each.balance = holder, balance


def _find_slots(node: Node, subjects: Sequence[_Subject]) -> None:
    """Where nobody is known to hold any, the word of storage that is somebody's balance is looked for."""
    for each in subjects:
        holder = to_checksum_address("0x" + "40".zfill(40))
        places = [place(holder, slot) for slot in range(SLOTS) for place in (_solidity_slot, _vyper_slot)]
        word = "0x" + MADE_UP.to_bytes(32, "big").hex()
        reads = [
            _with(_balance_of(each.token.address, holder), {each.token.address: {"stateDiff": {place: word}}})
            for place in places
        ]
        for place, answer in zip(places, _asked(node, reads), strict=True):
            if _word(answer) == MADE_UP:
                each.holder, each.balance = holder, MADE_UP
                each.slot = place
                break


def _report(node: Node, subject: _Subject) -> TokenReport:
    facts = TokenFacts(holder=subject.holder)
    if subject.traits is None:
        read_only = _asked(node, [call_request(subject.token.address, encode_call("decimals()"), "latest")])
        facts = TokenFacts(decimals=_word(read_only[0]), holder=subject.holder)
        return TokenReport(subject.token, facts, judge(subject.token, facts))
    if subject.balance:
        facts = _measured(node, subject, subject.traits)
    else:
        facts = TokenFacts(decimals=subject.traits.decimals.number, form=subject.traits.form)
    return TokenReport(subject.token, facts, judge(subject.token, facts))


def _measured(node: Node, subject: _Subject, traits: scripts.Traits) -> TokenFacts:
    plan = list(_plan(subject, traits))
    found: dict[str, list[bool]] = {}
    moved: scripts.Transferred | None = None
    played = _played(node, [(lines, subject.storage) for _, lines, _ in plan])
    for (name, _lines, judged), answers in zip(plan, played, strict=True):
        if name == "transfer":
            moved = scripts.Transferred(answers, subject.amount) if answers else None
        elif answers:
            found.setdefault(name, []).append(judged(answers))
    is_paused = bool(traits.paused.number)
    can_pause = any(found.get("pausing", ())) or is_paused
    kinds = [kind for kind in ("bytes", "vrs") if any(found.get(kind, ()))]
    return TokenFacts(
        decimals=traits.decimals.number,
        holder=subject.holder,
        slot=subject.slot,
        transfers=moved.happened if moved else None,
        tax_bps=moved.tax_bps if moved else None,
        answers=moved.answers if moved else "",
        rebases=traits.has_shares or any(found.get("rebasing", ())) or _moves_with_time(node, subject),
        pausable=can_pause,
        is_paused=is_paused,
        blacklists=any(found.get("listing", ())),
        # A token that cannot be moved now shows nothing of these.
        permit=("eip2612" if any(found.get("permit", ())) else "none") if moved and moved.happened else None,
        eip3009=(",".join(kinds) or "none") if moved and moved.happened else None,
        form=scripts.unwrapped_form(traits.form, is_wrapped_coin=any(found.get("unwrap", ()))),
    )


Judged = Callable[[Sequence[Outcome]], bool]


def _plan(subject: _Subject, traits: scripts.Traits) -> Iterator[tuple[str, list[Line], Judged]]:
    token, holder = subject.token.address, subject.holder
    yield "transfer", scripts.transfer(token, holder, subject.amount), bool
    yield "unwrap", scripts.unwrap(token, holder), scripts.is_wrapped
    for pauser in traits.pausers:
        yield "pausing", scripts.paused_by(pauser, token=token, holder=holder), scripts.stops
    for caller in traits.rebasers.callers:
        lines = rebasing.rebased_by(caller, token=token, holder=holder, supply=traits.rebasers.supply)
        yield "rebasing", lines, rebasing.is_rebased
    for lister, function in traits.listers:
        yield "listing", scripts.listed_by(lister, function, token=token, holder=holder), scripts.stops
    separator = traits.separator.data if traits.separator.number else b""
    if len(separator) < 32:
        return
    yield "permit", scripts.permit(token, separator[:32]), scripts.is_permitted
    for kind in ("bytes", "vrs"):
        lines = scripts.receive(token, holder, separator[:32], form=kind, amount=max(1, subject.amount // 4))
        yield kind, lines, scripts.is_received


def _moves_with_time(node: Node, subject: _Subject) -> bool | None:
    """Whether the holder's balance is another one in thirty days without any transfer; None if nobody can say."""
    try:
        newest = node.request("eth_getBlockByNumber", ["latest", False])
        later = {"time": hex(int(newest["timestamp"], 16) + THIRTY_DAYS)}
        method, params = _balance_of(subject.token.address, subject.holder)
        overrides = {account: {"stateDiff": dict(slots)} for account, slots in subject.storage.items()}
        before, after = _with((method, params), overrides), (method, [*params, overrides, later])
        for _try in range(MOST_TRIES):
            now, then, still = (_word(answer) for answer in node.batch([before, after, before]))
            if now == still:
                return None if now is None or then is None else now != then
    except (RpcError, RpcUnavailable, TypeError, KeyError, ValueError):
        return None
    return None


def _played(node: Node, plays: Sequence[tuple[list[Line], Storage]]) -> list[list[Outcome]]:
    """The outcomes of each play; none where the node did not play it."""
    found = []
    for answer in _asked(node, [request(lines, storage=storage) for lines, storage in plays]):
        try:
            found.append(outcomes(answer))
        except ValueError:
            found.append([])
    return found


def _asked(node: Node, reads: Sequence[Request]) -> list[Any]:
    """Every answer, a refusal standing in its place; raises RpcUnavailable."""
    answers: list[Any] = []
    for first in range(0, len(reads), REQUESTS_AT_ONCE):
        answers += node.batch(reads[first : first + REQUESTS_AT_ONCE])
    return answers


def _balance_of(token: str, holder: str) -> Request:
    return call_request(token, encode_call("balanceOf(address)", [holder]), "latest")


def _with(read: Request, overrides: dict[str, Any]) -> Request:
    method, params = read
    return method, [*params, overrides]


def _word(answer: Any) -> int | None:
    return int(answer[:66], 16) if isinstance(answer, str) and len(answer) >= 66 else None


def _solidity_slot(holder: str, slot: int) -> str:
    return "0x" + keccak(bytes.fromhex(holder[2:]).rjust(32, b"\0") + slot.to_bytes(32, "big")).hex()


def _vyper_slot(holder: str, slot: int) -> str:
    return "0x" + keccak(slot.to_bytes(32, "big") + bytes.fromhex(holder[2:]).rjust(32, b"\0")).hex()
