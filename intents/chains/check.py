"""Compares a manifest with the chain it describes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from eth_utils.crypto import keccak
from requests.exceptions import RequestException
from web3 import Web3
from web3.exceptions import Web3Exception

from .endpoints import Node, RpcError, RpcUnavailable
from .manifest import ChainManifest, Contract
from .manifest_checks import GAS_PRICE_ORACLE, OPSTACK, WRAPPED_NATIVE
from .node import without_secrets
from .web3_access import web3_for


class Problem(NamedTuple):
    """A value of the manifest that the chain contradicts."""

    key: str
    text: str


def _view(name: str, result: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "inputs": [],
        "outputs": [{"name": "", "type": result}],
        "stateMutability": "view",
    }


TOKEN = [_view("decimals", "uint8"), _view("symbol", "string"), _view("name", "string")]
POOL = [_view("token0", "address"), _view("token1", "address")]
FEED = [_view("decimals", "uint8")]
MOST_TEXT = 240
AT_ONCE = 8
# A look at one thing of the chain.
Seen = Callable[[Web3], Iterator[Problem]]


def check_chain(manifest: ChainManifest) -> list[Problem]:
    """Everything on the chain that is not as the manifest says; one dead endpoint is one problem."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check") as pool:
        # All at once: a far node takes its time over each, and a dead one takes the whole timeout.
        answers = list(pool.map(lambda endpoint: _away(manifest, endpoint.url), manifest.endpoints))
        problems = [
            Problem(f"endpoints.{index}.url", why) for index, why in enumerate(answers) if why is not None
        ]
        alive = [
            endpoint.url for endpoint, why in zip(manifest.endpoints, answers, strict=True) if why is None
        ]
        if not alive:
            return problems
        web3 = web3_for(alive[0])
        looks = [*_contracts(manifest), *_tokens(manifest), *_venues(manifest), *_feeds(manifest)]
        try:
            for found in pool.map(lambda look: list(look(web3)), looks):
                problems.extend(found)
        except (Web3Exception, RequestException, ValueError) as error:
            problems.append(Problem("endpoints", f"stopped answering: {error}"))
    return [Problem(each.key, without_secrets(each.text, alive[0])[:MOST_TEXT]) for each in problems]


def notes_on(manifest: ChainManifest) -> list[str]:
    """What contradicts nothing and is worth knowing; of a chain that does not answer there is nothing to say."""
    if manifest.stack != OPSTACK:
        return []
    node = Node(manifest.endpoints[0].url, manifest.chain_id)
    try:
        code = node.request("eth_getCode", (GAS_PRICE_ORACLE, "latest"))
    except (RpcUnavailable, RpcError):
        return []
    return [] if code != "0x" else [f"no contract at {GAS_PRICE_ORACLE}: no price counts a fee for data"]


def _away(manifest: ChainManifest, url: str) -> str | None:
    try:
        Node(url, manifest.chain_id).request("eth_blockNumber", ())
    except (RpcUnavailable, RpcError) as error:
        return str(error)
    return None


def _contracts(manifest: ChainManifest) -> Iterator[Seen]:
    for name, contract in manifest.contracts.items():
        yield partial(_code, contract=contract, key=f"contracts.{name}")


def _code(web3: Web3, *, contract: Contract, key: str) -> Iterator[Problem]:
    code = web3.eth.get_code(web3.to_checksum_address(contract.address))
    if not code:
        yield Problem(f"{key}.address", f"no code at {contract.address}")
    elif contract.code_hash and contract.code_hash != "0x" + keccak(bytes(code)).hex():
        yield Problem(f"{key}.code_hash", f"the code at {contract.address} is another one")


def _tokens(manifest: ChainManifest) -> Iterator[Seen]:
    for index, token in enumerate(manifest.tokens):
        expected = {"decimals": token.decimals, "symbol": token.symbol, "name": token.name}
        yield _compared(token.address, TOKEN, expected, f"tokens.{index}")


def _venues(manifest: ChainManifest) -> Iterator[Seen]:
    for index, venue in enumerate(manifest.venues):
        if venue.kind == WRAPPED_NATIVE:
            continue
        expected = {"token0": venue.token0, "token1": venue.token1}
        yield _compared(venue.address, POOL, expected, f"venues.{index}")


def _feeds(manifest: ChainManifest) -> Iterator[Seen]:
    for name, feed in manifest.feeds.items():
        yield _compared(feed.address, FEED, {"decimals": feed.decimals}, f"feeds.{name}")


def _compared(address: str, abi: list[dict[str, Any]], expected: dict[str, Any], key: str) -> Seen:
    return partial(_compare, address=address, abi=abi, expected=expected, key=key)


def _compare(
    web3: Web3, *, address: str, abi: list[dict[str, Any]], expected: dict[str, Any], key: str
) -> Iterator[Problem]:
    contract = web3.eth.contract(web3.to_checksum_address(address), abi=abi)
    for name, value in expected.items():
        found = _answer(contract.functions[name]().call)
        if isinstance(found, Problem):
            yield Problem(f"{key}.{name}", f"{address} does not answer: {found.text}")
        elif found != value:
            yield Problem(f"{key}.{name}", f"is {value!r}, {address} says {found!r}")


def _answer(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (Web3Exception, RequestException, ValueError) as error:
        return Problem("", str(error))
