"""What a client believes without asking its server: addresses computed from bytecode on this very machine.

`manage.py trust` writes them to `trust.json`, the same file from which the page bundles are built. Nothing
is compiled here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from intents.settlement.trust import trust_text

from .api import ChainInfo

TRUST_FILE: Final = Path(__file__).resolve().parents[2] / ".cache" / "trust.json"
# Names in the file by the names in a chain's list.
_NAMES: Final = {
    "input_settler": "settler",
    "permit2": "permit2",
    "call_executor": "call_executor",
    "deposit_implementation": "deposit_implementation",
}
_NEEDED: Final = ("settler", "permit2", "deposit_implementation")
_EVERYWHERE: Final = ("input_settler", "permit2")


class TrustMissing(Exception):
    """There is no readable `trust.json`: nothing to hold the server against."""

    code = "trust_missing"
    retry = False


class ServerNotTrusted(Exception):
    """The server names another `contract` on `chain` than the one computed here."""

    code = "server_not_trusted"
    retry = False

    def __init__(self, *, chain: str, contract: str, expected: str, got: str) -> None:
        super().__init__(
            f"on {chain} the server names {got or 'nothing'} as its {contract}; this client knows {expected}"
        )
        self.chain = chain
        self.contract = contract


@dataclass(frozen=True, slots=True)
class Trust:
    """Addresses of our contracts and hashes of the chains' lists, as `manage.py trust` wrote them.

    `call_executor` may be "": it depends on the solver account, which only a connected machine knows. Then
    none is compared, and none may be used.
    """

    settler: str
    permit2: str
    deposit_implementation: str
    call_executor: str = ""
    deviating: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    chains: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = TRUST_FILE) -> "Trust":
        """Raises `TrustMissing`."""
        try:
            value = json.loads(path.read_text("utf-8"))
            known = {name: str(value[name]) for name in _NEEDED}
            trust = cls(
                **known,
                call_executor=str(value.get("call_executor", "")),
                deviating=dict(value["deviating"]),
                chains=dict(value["chains"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrustMissing(f"{path} cannot be used ({error}): write it with `manage.py trust`") from error
        if not all(known.values()):
            raise TrustMissing(f"{path} lacks addresses: write it anew with `manage.py trust`")
        return trust

    def check(self, chain: ChainInfo, *, is_called: bool = False) -> None:
        """Refuse a chain of the server's list with another contract than ours; raises `ServerNotTrusted`.

        With `is_called` the output goes through the chain's call executor, which must then be known here.
        """
        deviating = self.deviating.get(str(chain.chain_id), {})
        for contract, name in _NAMES.items():
            expected = str(deviating.get(name, getattr(self, name)))
            got = chain.contracts.get(contract, "")
            is_absent = not got and contract not in _EVERYWHERE
            if not expected or is_absent or got.lower() == expected.lower():
                continue
            raise ServerNotTrusted(chain=chain.name, contract=contract, expected=expected, got=got)
        executor = chain.contracts.get("call_executor", "")
        if is_called and not deviating.get("call_executor", self.call_executor):
            raise ServerNotTrusted(chain=chain.name, contract="call_executor", expected="none", got=executor)

    def check_delegate(self, chain: ChainInfo) -> None:
        """Refuse to lend an account the code that a chain's list names, unless the list is known as a whole."""
        if not self.is_listed(chain):
            executor = chain.contracts.get("batch_executor", "")
            raise ServerNotTrusted(
                chain=chain.name, contract="batch_executor", expected="that of a known chain", got=executor
            )

    def is_listed(self, chain: ChainInfo) -> bool:
        """Whether proof contracts and tokens of this chain, too, are those known here."""
        text = trust_text(
            chain_id=chain.chain_id,
            slug=chain.slug,
            name=chain.name,
            contracts=chain.contracts,
            tokens=chain.tokens,
            apps=chain.apps,
        )
        return self.chains.get(str(chain.chain_id)) == hashlib.sha256(text.encode()).hexdigest()
