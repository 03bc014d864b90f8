"""Names of the Ethereum Name Service, looked up at the registry that a chain's manifest names.

Only contracts are asked. A name whose resolver sends its reader to a gateway (EIP-3668) is refused: what a
gateway answers can be seen by nobody else, and changes with who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from ens.exceptions import InvalidName
from ens.utils import dns_encode_name, normalize_name, raw_name_to_hash
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from intents.errors import WaymeetError

from . import registry
from .calls import ZERO_ADDRESS, Call, encode_call
from .client import ChainClient, call_request, client
from .manifest import ChainManifest
from .node_errors import RpcDisagreement
from .reverts import Reverted

REGISTRY: Final = "ens_registry"
LONGEST_NAME: Final = 255
MOST_LABELS: Final = 16
RESOLVER_GAS: Final = 2_000_000
_RESOLVES_OTHERS: Final = bytes.fromhex("9061b923")
_LOOK_ELSEWHERE: Final = bytes.fromhex("556f1830")
T = TypeVar("T")


class NameNotSupported(WaymeetError):
    """No connected chain has a registry of names."""

    code = "name_not_supported"


class NameMalformed(WaymeetError):
    """Letters that no name may have, or letters that look like others."""

    code = "name_malformed"


class NameUnknown(WaymeetError):
    """Nobody has registered the name, or it leads to no address."""

    code = "name_unknown"


class NameElsewhere(WaymeetError):
    """The name is kept outside the chain, where nobody could check the answer."""

    code = "name_elsewhere"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in its one true spelling and the checksummed address it leads to now."""

    name: str
    address: str


def look_up(name: str) -> Named:
    """Where a name leads; raises NameNotSupported, NameMalformed, NameUnknown, NameElsewhere, and what reads raise."""
    manifest = directory()
    if manifest is None:
        raise NameNotSupported(name[:60], name=name[:60])
    spelled = _spelled(name)
    address = _agreed(manifest, lambda chain: _address_of(chain, spelled))
    if not address:
        raise NameUnknown(spelled, name=spelled)
    return Named(spelled, address)


def name_of(address: str) -> str:
    """The name by which this address calls itself and which leads back to it; "" for none. Raises what reads raise."""
    manifest = directory()
    if manifest is None:
        return ""
    reverse = f"{address[2:].lower()}.addr.reverse"
    try:
        name = _agreed(manifest, lambda chain: _name_at(chain, reverse))
        is_own = bool(name) and look_up(name) == Named(name, address)
    except (NameMalformed, NameUnknown, NameElsewhere):
        return ""
    return name if is_own else ""


def warm_up() -> None:
    """Read the rules of spelling, a second's work, before a person waits for it."""
    normalize_name("name.eth")


def directory() -> ChainManifest | None:
    """The first connected chain with a registry of names, by chain id."""
    return next((chain for chain in registry.all_chains().values() if REGISTRY in chain.contracts), None)


def _spelled(name: str) -> str:
    # What an address calls itself is anybody's text of any length, and spelling takes time by the letter.
    if len(name) > LONGEST_NAME:
        raise NameMalformed(name[:60], name=name[:60])
    try:
        spelled = normalize_name(name)
    except InvalidName as error:
        raise NameMalformed(name[:60], name=name[:60]) from error
    if not spelled or len(spelled) > LONGEST_NAME or spelled.count(".") >= MOST_LABELS:
        raise NameMalformed(name[:60], name=name[:60])
    return spelled


def _agreed(manifest: ChainManifest, read: Callable[[ChainClient], T]) -> T:
    """What is read; with a quorum that many nodes must say the same, each asked for itself."""
    if manifest.quorum == 1:
        return read(client(manifest.chain_id))
    answers: list[T] = []
    for endpoint in manifest.endpoints:
        try:
            answers.append(read(ChainClient(replace(manifest, endpoints=(endpoint,), quorum=1))))
        except NameElsewhere:
            raise
        except (WaymeetError, OSError):
            continue
        if answers.count(answers[-1]) >= manifest.quorum:
            return answers[-1]
    raise RpcDisagreement(
        f"{manifest.slug}: no {manifest.quorum} nodes agree on a name", method="eth_call", chain=""
    )


def _address_of(chain: ChainClient, name: str) -> str:
    answer = _resolved(chain, name, "addr(bytes32)")
    found = _decoded("address", answer)
    return "" if found in (None, ZERO_ADDRESS) else str(to_checksum_address(found))


def _name_at(chain: ChainClient, reverse: str) -> str:
    return _decoded("string", _resolved(chain, reverse, "name(bytes32)")) or ""


def _resolved(chain: ChainClient, name: str, question: str) -> bytes:
    """What the name's resolver answers, or that of the nearest name above which resolves for others (ENSIP-10)."""
    asked = encode_call(question, [raw_name_to_hash(name)])
    resolvers = _resolvers(chain, name.split("."))
    resolver = next((each for each in resolvers if each), "")
    if not resolver:
        return b""
    if _is_extended(chain, resolver):
        data = encode_call("resolve(bytes,bytes)", [bytes(dns_encode_name(name)), asked])
        return _decoded("bytes", _call(chain, resolver, data)) or b""
    return _call(chain, resolver, asked) if resolvers[0] else b""


def _resolvers(chain: ChainClient, labels: list[str]) -> list[str]:
    """The resolver of the name and of each name above it, "" where there is none; one round trip."""
    book = chain.manifest.address(REGISTRY)
    nodes = [raw_name_to_hash(".".join(labels[start:])) for start in range(len(labels))]
    asked = [call_request(book, encode_call("resolver(bytes32)", [node]), "latest") for node in nodes]
    found = [_decoded("address", bytes.fromhex(answer[2:])) for answer in chain.batch(asked)]
    return ["" if each in (None, ZERO_ADDRESS) else str(each) for each in found]


def _is_extended(chain: ChainClient, resolver: str) -> bool:
    try:
        answer = _asked(chain, resolver, encode_call("supportsInterface(bytes4)", [_RESOLVES_OTHERS]))
    except Reverted:
        return False
    return _decoded("bool", answer) is True


def _asked(chain: ChainClient, resolver: str, data: bytes) -> bytes:
    """Runs a resolver's own code, which is anybody's, no longer than one needs. Raises Reverted."""
    return chain.simulate(Call(resolver, data, gas_limit=RESOLVER_GAS), ZERO_ADDRESS)


def _call(chain: ChainClient, to: str, data: bytes) -> bytes:
    try:
        return _asked(chain, to, data)
    except Reverted as error:
        if error.data.startswith(_LOOK_ELSEWHERE):
            raise NameElsewhere("a gateway would have to be asked") from error
        return b""


def _decoded(kind: str, data: bytes) -> Any:
    """The one value of an answer, None when it is none."""
    try:
        return abi_decode((kind,), data)[0]
    except (DecodingError, UnicodeDecodeError):
        return None
