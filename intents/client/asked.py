"""A transfer as it was typed, before the network is known."""

from dataclasses import dataclass

from eth_account import Account

from .api import Network

# The fourth account of the public test mnemonic every local node funds: worthless anywhere else.
DEMO_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"


class CannotStart(Exception):
    """The transfer was not even asked for: something typed makes no sense here."""

    retry = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """A transfer as typed: `source` and `target` are `chain:token`, `amount` a decimal text."""

    amount: str
    source: str
    target: str
    to: str = ""
    key: str = ""
    confirm: str = "auto"
    exact: str = "input"
    app: str = ""
    gas: str = "no"


def signer(asked: Asked, network: Network) -> tuple[str, str]:
    """Address and key of who pays; raises `CannotStart`."""
    if not asked.key and not network.is_local:
        raise CannotStart("key_required", "give --key: the demo wallet exists on local test chains only")
    try:
        return str(Account.from_key(asked.key or DEMO_KEY).address), asked.key or DEMO_KEY
    except Exception as error:  # eth_keys and coincurve raise classes of their own for a malformed key
        raise CannotStart("key_malformed", "the key is not 32 bytes of hex") from error
