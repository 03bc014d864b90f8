"""Well-known local accounts: anvil's mnemonic, and as many derived wallets as a test wants.

Their keys are public. Settings refuse them unless every chain is local.
"""

from functools import cache
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

MNEMONIC: Final = "test test test test test test test test test test test junk"

OWNER: Final = 0
OPERATOR: Final = 1
RELAYER: Final = 2
DEMO_WALLET: Final = 3
ARBITRAGEUR: Final = 4
FEED_POSTER: Final = 5
VALIDATORS: Final = (6, 7, 8)
OUTSIDER: Final = 9

# The first ten keys that anvil derives from MNEMONIC; deriving them here would cost 30 ms each.
_KEYS: Final = (
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
)


@cache
def account(index: int) -> LocalAccount:
    """Account ``index`` (0 to 9) of anvil's mnemonic."""
    local: LocalAccount = Account.from_key(_KEYS[index])
    return local


def address(index: int) -> str:
    """Checksummed address of account ``index``."""
    return str(account(index).address)


@cache
def wallet(number: int) -> LocalAccount:
    """One of any number of further wallets, the same ones every time."""
    return named_wallet(f"wallet {number}")


@cache
def named_wallet(name: str) -> LocalAccount:
    """The wallet of an actor such as ``alice``, the same one every time."""
    local: LocalAccount = Account.from_key(keccak(text=f"waymeet local {name}"))
    return local
