"""Runs beside a demo, in its own configuration: has chains join, and measures at every mark."""

import itertools
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from django.db import connections

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest
from intents.client.api import ApiError, WaymeetClient
from intents.client.signing import checked_order, signed, typed_data
from intents.client.transfer import Asked, intent_fields, understood
from intents.devnet.accounts import wallet
from intents.devnet.bench.transfers import delivered_seconds
from intents.devnet.funding import fund_wallets, set_balances
from intents.devnet.joiners.own import asking_manifest, deploy_own
from intents.devnet.market import read_prices
from intents.devnet.nodes import Node, free_ports, node_command
from intents.devnet.profiles import ETHER, PRICES_E8
from intents.devnet.warp import rpc_of
from intents.errors import WaymeetError
from intents.joining.rows import open_join, run_join
from intents.models import Quote, QuoteState
from intents.services.quotes import Intent, quote_request, quote_solve

from .memory import held_bytes, here
from .profiles import generated

SAMPLE: Final = 200
IN_FLIGHT: Final = 10
QUOTERS: Final = 2
# About 50 USD of each asset, enough to be worth a transfer anywhere.
AMOUNTS: Final = {"USDC": "50", "USDT": "50", "WETH": "0.02", "ETH": "0.02", "WBTC": "0.0006"}
PAYER: Final = wallet(7001)


@dataclass(slots=True)
class Figures:
    """What was measured, in seconds; by number of chains where it grows."""

    joins: list[float] = field(default_factory=list)
    quotes: dict[int, float] = field(default_factory=dict)
    memory: dict[int, int] = field(default_factory=dict)
    transfers: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    quoted: int = 0


class Growing:
    """Nodes of chains that join, which end with this object's `stop`."""

    def __init__(self, url: str, demo_pid: int, say: Callable[[str], None]) -> None:
        self.figures = Figures()
        self._url = url
        self._demo = demo_pid
        self._say = say
        self._nodes: list[Node] = []

    def stop(self) -> None:
        """Stop every node."""
        for node in self._nodes:
            node.stop()

    def join_one(self, number: int) -> None:
        """Start a chain and have it join. Raises what joining raises."""
        profile = generated(number)
        (port,) = free_ports(1)
        node = Node(profile, node_command(profile, port=port), port)
        self._nodes.append(node)
        node.wait()
        deployed = deploy_own(node.rpc, profile, self._prices())
        asked = asking_manifest(profile, deployed, url=node.url)
        began = time.monotonic()
        run_join(open_join(asked))
        self.figures.joins.append(time.monotonic() - began)
        registry.forget()
        self._say(f"{profile.name}: joined in {self.figures.joins[-1]:.1f} s")

    def mark(self) -> None:
        """Measure what grows with the number of chains."""
        count = len(registry.all_chains())
        self.figures.quotes[count] = self._quote_seconds()
        self.weigh()
        self._say(
            f"{count} chains: quote p50 {self.figures.quotes[count] * 1000:.0f} ms, "
            f"memory {self.figures.memory[count] / 2**30:.2f} GB"
        )

    def weigh(self) -> None:
        """What all processes hold of the memory now."""
        self.figures.memory[len(registry.all_chains())] = held_bytes([self._demo, here()])

    def quote_all(self) -> None:
        """Price every ordered pair of assets on two chains, through the service that prices every quote."""
        chains = list(registry.all_chains().values())
        for chain in chains:
            # Who pays in the chain's own coin must have it for a price.
            set_balances(rpc_of(chain), {PAYER.address: 1_000 * ETHER})
        pairs = list(asset_pairs(chains))
        with ThreadPoolExecutor(QUOTERS) as pool:
            for place, code in enumerate(pool.map(_quoted, pairs), 1):
                if code:
                    self.figures.refused[code] += 1
                else:
                    self.figures.quoted += 1
                if place % 1000 == 0:
                    self._say(f"{place} of {len(pairs)} pairs quoted")

    def transfer(self, count: int) -> None:
        """Real transfers of USDC between chains by turns, at most IN_FLIGHT at once. Raises TransferFailed."""
        chains = [chain for chain in registry.all_chains().values() if _has_usdc(chain)]
        for chain in chains:
            # Twice what leaves: an order whose payment is not seen yet still counts against what is there.
            amount = 100 * 10 ** chain.token("USDC").decimals * (2 + count // len(chains))
            owners = [wallet(8000 + chain.chain_id).address]
            fund_wallets(chain, owners, amounts={"USDC": amount}, permit2=("USDC",))
        dice = random.Random(count)
        routes = [(chains[n % len(chains)], dice.choice(chains)) for n in range(count)]
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            for place, seconds in enumerate(pool.map(self._one, routes), 1):
                self.figures.transfers.append(seconds)
                if place % 20 == 0:
                    self._say(f"{place} of {count} transfers delivered")

    def _one(self, ends: tuple[ChainManifest, ChainManifest]) -> float:
        origin, destination = ends
        if origin is destination:
            others = (chain for chain in registry.all_chains().values() if chain is not origin)
            destination = next(chain for chain in others if _has_usdc(chain))
        client = WaymeetClient(self._url, timeout_seconds=60)
        key = "0x" + bytes(wallet(8000 + origin.chain_id).key).hex()
        asked = Asked(amount="50", source=f"{origin.slug}:USDC", target=f"{destination.slug}:USDC", key=key)
        wish, _ = understood(asked, client.network())
        quote = client.quote(**intent_fields(asked, wish))
        data = typed_data(wish, checked_order(wish, quote), way=quote["confirm_way"])
        submitted = client.submit(
            quote_id=quote["quote_id"], order=quote["order"], signature=signed(data, key=key)
        )
        return delivered_seconds(client, submitted)

    def _quote_seconds(self) -> float:
        chains = [chain for chain in registry.all_chains().values() if _has_usdc(chain)]
        dice, taken = random.Random(len(chains)), []
        client = WaymeetClient(self._url, timeout_seconds=60)
        for _ in range(SAMPLE):
            origin, destination = dice.sample(chains, 2)
            fields = _fields(origin, "USDC", destination, "WETH")
            began = time.monotonic()
            try:
                client.quote(**fields)
            except ApiError as error:
                self.figures.refused[f"sample {error.code}"] += 1
            taken.append(time.monotonic() - began)
        return statistics.median(taken)

    def _prices(self) -> dict[str, int]:
        first = next(iter(registry.all_chains().values()))
        return {**PRICES_E8, **read_prices(first, rpc_of(first))}


def asset_pairs(chains: Sequence[ChainManifest]) -> Iterator[tuple[ChainManifest, str, ChainManifest, str]]:
    """Every asset that can be sent, to every one on another chain."""
    assets = [
        (chain, asset.symbol)
        for chain in chains
        for asset in chain.assets
        if asset.symbol in AMOUNTS and not asset.is_synthetic
    ]
    for (origin, given), (destination, wanted) in itertools.permutations(assets, 2):
        if origin is not destination:
            yield origin, given, destination, wanted


def _quoted(pair: tuple[ChainManifest, str, ChainManifest, str]) -> str:
    """Why there is no price for this pair; "" when there is."""
    try:
        quote: Quote = quote_request(intent=Intent.parse(_fields(*pair)))
        quote_solve(quote.pk)
        quote.refresh_from_db()
    except WaymeetError as error:
        return error.code
    finally:
        connections.close_all()
    return "" if quote.state == QuoteState.READY else str((quote.refusal or {}).get("code", "refused"))


def _fields(origin: ChainManifest, given: str, destination: ChainManifest, wanted: str) -> dict[str, str]:
    is_coin = origin.token(given).address == ZERO_ADDRESS
    return {
        "origin": origin.slug,
        "destination": destination.slug,
        "input_token": given,
        "output_token": wanted,
        "amount": AMOUNTS[given],
        "exact": "input",
        "user": PAYER.address,
        "recipient": PAYER.address,
        # Any wallet can pay so: whether this one has the money is not what is measured.
        "confirm": "native" if is_coin else "deposit",
    }


def _has_usdc(chain: ChainManifest) -> bool:
    return any(token.symbol == "USDC" for token in chain.tokens)
