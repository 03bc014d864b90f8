"""Compares a manifest with the chain it describes."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from eth_utils.crypto import keccak
from requests.exceptions import RequestException
from web3 import Web3
from web3.exceptions import Web3Exception

from .endpoints import Node, RpcError, RpcUnavailable
from .manifest import ChainManifest
from .manifest_checks import WRAPPED_NATIVE
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


def check_chain(manifest: ChainManifest) -> list[Problem]:
    """Everything on the chain that is not as the manifest says; one dead endpoint is one problem."""
    problems: list[Problem] = []
    alive: list[str] = []
    for index, endpoint in enumerate(manifest.endpoints):
        try:
            Node(endpoint.url, manifest.chain_id).request("eth_blockNumber", ())
            alive.append(endpoint.url)
        except (RpcUnavailable, RpcError) as error:
            problems.append(Problem(f"endpoints.{index}.url", str(error)))
    if not alive:
        return problems
    web3 = web3_for(alive[0])
    for part in (_contracts, _tokens, _venues, _feeds):
        problems.extend(part(manifest, web3))
    return problems


def _contracts(manifest: ChainManifest, web3: Web3) -> Iterator[Problem]:
    for name, contract in manifest.contracts.items():
        key = f"contracts.{name}"
        code = web3.eth.get_code(web3.to_checksum_address(contract.address))
        if not code:
            yield Problem(f"{key}.address", f"no code at {contract.address}")
        elif contract.code_hash and contract.code_hash != "0x" + keccak(bytes(code)).hex():
            yield Problem(f"{key}.code_hash", f"the code at {contract.address} is another one")


def _tokens(manifest: ChainManifest, web3: Web3) -> Iterator[Problem]:
    for index, token in enumerate(manifest.tokens):
        expected = {"decimals": token.decimals, "symbol": token.symbol, "name": token.name}
        yield from _compare(web3, token.address, TOKEN, expected, f"tokens.{index}")


def _venues(manifest: ChainManifest, web3: Web3) -> Iterator[Problem]:
    for index, venue in enumerate(manifest.venues):
        if venue.kind == WRAPPED_NATIVE:
            continue
        expected = {"token0": venue.token0, "token1": venue.token1}
        yield from _compare(web3, venue.address, POOL, expected, f"venues.{index}")


def _feeds(manifest: ChainManifest, web3: Web3) -> Iterator[Problem]:
    for name, feed in manifest.feeds.items():
        yield from _compare(web3, feed.address, FEED, {"decimals": feed.decimals}, f"feeds.{name}")


def _compare(
    web3: Web3, address: str, abi: list[dict[str, Any]], expected: dict[str, Any], key: str
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
        return Problem("", str(error)[:120])
