"""What the running demo consists of, and wallets for it."""

import itertools
from collections.abc import Callable

import pytest
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import wallet
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.network import Network

from .stack import People, chains_of

_numbers = itertools.count(1000)


@pytest.fixture
def chains(demo: DemoProcess) -> Network:
    return chains_of(demo)


@pytest.fixture
def people(demo: DemoProcess) -> People:
    return People(demo)


@pytest.fixture
def fresh_wallets() -> Callable[[int], list[LocalAccount]]:
    """Wallets nobody used before."""
    return lambda count: [wallet(next(_numbers)) for _ in range(count)]
