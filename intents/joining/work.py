"""What steps work with: the chain as it is so far, what is still to be done on it, and by whom."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from intents.chains.calls import Call, encode_call
from intents.chains.client import AGGREGATE3, ChainClient, call_request
from intents.chains.direct import DirectSender
from intents.chains.endpoints import RpcUnavailable
from intents.chains.manifest import ChainManifest, Contract
from intents.contracts.addresses import CREATE2_DEPLOYER
from intents.contracts.creations import Creation
from intents.passports.passport import Passport

GAS_MARGIN_PERCENT: Final = 125
# Of a creation that cannot be estimated because what it builds on is not there yet.
CREATION_GAS: Final = 600_000
GAS_PER_BYTE: Final = 220
CALL_GAS: Final = 250_000

Request = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Deed:
    """One transaction that is missing on a chain, and what it is for."""

    what: str
    chain_id: int
    call: Call

    @property
    def gas(self) -> int:
        """The most it takes."""
        return self.call.gas_limit or 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth saying about a step; words are made of code and params."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What a step found: the manifest with what it knows now, and what is missing on the chains."""

    manifest: ChainManifest
    deeds: tuple[Deed, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Joining:
    """One chain's way in while a run is at it. `manifest` grows from step to step."""

    asked: ChainManifest
    manifest: ChainManifest
    peers: Mapping[int, ChainManifest]
    signer: LocalAccount
    chain: ChainClient
    sender: DirectSender
    beat: Callable[[], None]
    is_dry: bool = False
    passport: Passport | None = None

    @property
    def owner(self) -> str:
        """The operator's account, which owns what has an owner."""
        return str(self.signer.address)

    def codes(self, addresses: Sequence[str]) -> dict[str, bytes]:
        """The code that each of these has on the chain, in one round trip."""
        wanted = list(dict.fromkeys(addresses))
        codes = self.chain.batch([("eth_getCode", [address, "latest"]) for address in wanted])
        return {address: bytes_of(code) for address, code in zip(wanted, codes, strict=True)}

    def has_code(self, addresses: Sequence[str]) -> dict[str, bool]:
        """Which of these have code on the chain, in one round trip."""
        return {address: bool(code) for address, code in self.codes(addresses).items()}

    def views(self, calls: Sequence[tuple[str, str, Sequence[Any], str]]) -> list[Any]:
        """Views of (to, signature, arguments, result type) in one round trip; None where there is no answer."""
        return read_views(self.chain, calls)

    def priced(self, wanted: Sequence[tuple[str, Call]]) -> tuple[Deed, ...]:
        """Deeds on this chain with gas limits: what the node estimates, or the call's own limit where it cannot."""
        return priced(self.chain, self.owner, wanted)


def read_views(chain: ChainClient, calls: Sequence[tuple[str, str, Sequence[Any], str]]) -> list[Any]:
    """Views of (to, signature, arguments, result type); None where a contract is missing or refuses.

    Raises RpcUnavailable for an answer that is none.
    """
    requests = [call_request(to, encode_call(name, list(given)), "latest") for to, name, given, _ in calls]
    found: list[Any] = []
    for (_, _, _, kind), answer in zip(calls, chain.batch_outcomes(requests), strict=True):
        raw = b"" if isinstance(answer, Exception) else bytes_of(answer)
        if len(raw) < 32:
            found.append(None)
            continue
        try:
            (value,) = abi_decode((kind,), raw)
        except (DecodingError, OverflowError) as error:
            raise RpcUnavailable(f"{chain.manifest.slug}: {error}") from error
        found.append(to_checksum_address(value) if kind == "address" else value)
    return found


def bytes_of(answer: Any) -> bytes:
    """What a node said in hexadecimal digits. Raises RpcUnavailable."""
    try:
        return bytes.fromhex(answer.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise RpcUnavailable(f"{str(answer)[:40]!r} is no answer") from error


def priced(chain: ChainClient, sender: str, wanted: Sequence[tuple[str, Call]]) -> tuple[Deed, ...]:
    """Deeds of one chain with their gas limits."""
    if not wanted:
        return ()
    targets = list(dict.fromkeys(call.target for _, call in wanted))
    codes = chain.batch([("eth_getCode", [target, "latest"]) for target in targets])
    # Calling what does not exist yet costs next to nothing, says the node.
    nowhere = {target for target, code in zip(targets, codes, strict=True) if code in ("0x", "")}
    requests: list[Request] = [
        (
            "eth_estimateGas",
            [
                {
                    "from": sender,
                    "to": call.target,
                    "data": "0x" + call.data.hex(),
                    "value": hex(call.value_wei),
                }
            ],
        )
        for _, call in wanted
    ]
    deeds = []
    for (what, call), answer in zip(wanted, chain.batch_outcomes(requests), strict=True):
        limit = call.gas_limit or CALL_GAS
        if not isinstance(answer, Exception) and not (call.data and call.target in nowhere):
            limit = int(answer, 16) * GAS_MARGIN_PERCENT // 100
            # An account that takes coins may have code by then.
            limit = limit if call.data else max(limit, call.gas_limit or 0)
        deeds.append(Deed(what, chain.chain_id, Call(call.target, call.data, call.value_wei, limit)))
    return tuple(deeds)


def create(creation: Creation) -> Call:
    """The transaction that makes a contract exist."""
    limit = CREATION_GAS + GAS_PER_BYTE * len(creation.code)
    return Call(CREATE2_DEPLOYER, creation.data, gas_limit=limit)


def together(multicall: str, calls: Sequence[Call]) -> Call:
    """Several calls as one transaction: all happen, or none."""
    parts = [[call.target, False, call.data] for call in calls]
    limit = sum(call.gas_limit or CALL_GAS for call in calls)
    return Call(multicall, encode_call(AGGREGATE3, [parts]), gas_limit=limit)


def with_contracts(manifest: ChainManifest, found: Mapping[str, str]) -> ChainManifest:
    """The manifest with these addresses by name; what its operator named stays."""
    added = {name: Contract(address) for name, address in found.items() if name not in manifest.contracts}
    return replace(manifest, contracts={**manifest.contracts, **added})
