"""Orders on chain that nobody looks after: quoted by us, opened by somebody else, no engine running."""

from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.devnet.accounts import OUTSIDER, address
from intents.devnet.network import Network
from intents.selectors.rescue import rescue_network
from intents.settlement import calls
from intents.settlement.order import StandardOrder, order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.scripts import run_node

RUNNER = Path(__file__).parent / "release.mjs"


def open_and_walk_away(driver: Driver, wallet: LocalAccount, **wanted: Any) -> tuple[StandardOrder, str]:
    """(order, transaction that opened it); from here on nobody of ours does anything."""
    quote = driver.quote(wallet, browser="", **wanted)
    terms = order_from_json(quote.order)
    origin = registry.chain(quote.origin_id)
    call = calls.open_for(
        terms,
        origin=origin,
        way=quote.confirm_way,
        signature=bytes.fromhex(driver.sign(quote, wallet)[2:]),
        token=origin.token(quote.input_token),
    )
    tx_hash = strangers.send(driver.network, origin.slug, call)
    rpc = driver.network.rpc(origin.slug)
    receipt = driver.wait_for(lambda: rpc.request("eth_getTransactionReceipt", tx_hash))
    assert receipt["status"] == "0x1"
    driver.close()
    return terms, tx_hash


def rescue(network: Network, text: str, **more: Any) -> dict[str, Any]:
    """What the page's modules do with what a person pasted; gas is paid by an outsider."""
    given = {
        "network": rescue_network(network.manifests.values()),
        "text": text,
        "account": address(OUTSIDER),
        **more,
    }
    found: dict[str, Any] = run_node(str(RUNNER), given=given)
    return found


def warp_to(network: Network, slug: str, moment: int) -> None:
    """Bring every chain to just after `moment` of the chain named."""
    now = int(network.rpc(slug).block()["timestamp"], 16)
    network.warp(max(1, moment - now + 2))
