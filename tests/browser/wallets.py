"""A wallet of the tests, announced by EIP-6963 like any other: it answers as it is told and counts what it shows."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from playwright.sync_api import Page

from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.rpc import RpcError, hex_data
from tests.e2e.stack import chains_of

REJECTED: Final = 4001
UPGRADE_REJECTED: Final = 5750
UNAUTHORISED: Final = 4100
UNSUPPORTED: Final = 4200
UNKNOWN_CHAIN: Final = 4902
INTERNAL: Final = -32603
# A chain that every wallet knows and that has nothing to do with us.
MAINNET: Final = 1
EXECUTE: Final = "execute((address,uint256,bytes)[])"
ICON: Final = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='window.cracked=1'>"
    "<script>window.cracked=1</script></svg>"
)
# What a person sees a request as; all others are silent.
PROMPTS: Final = {
    "eth_requestAccounts": "connect",
    "wallet_switchEthereumChain": "switch",
    "wallet_addEthereumChain": "add",
    "eth_signTypedData_v4": "sign",
    "wallet_sendCalls": "batch",
}
# A held request waits in the page until it is released, as an open wallet does.
_PROVIDER: Final = """
({ name, rdns, icon, ask }) => {
  const listeners = [], waiting = [];
  const emit = (event, value) => {
    for (const each of listeners) if (each.event === event) each.listener(value);
  };
  const provider = {
    async request({ method, params = [] }) {
      let answer = await window[ask](method, params);
      while (answer.isHeld) {
        await new Promise((go) => waiting.push(go));
        answer = await window[ask](method, params);
      }
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      answer.events?.forEach((each) => emit(...each));
      return answer.result;
    },
    on: (event, listener) => listeners.push({ event, listener }),
    removeListener: () => undefined,
  };
  const info = Object.freeze({ uuid: crypto.randomUUID(), name, rdns, icon });
  const detail = Object.freeze({ info, provider });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window[`${ask}_control`] = { emit, release: () => waiting.splice(0).forEach((go) => go()) };
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
"""

TypedData = Mapping[str, Any]
Signer = Callable[[TypedData], str]


class WalletError(Exception):
    """What the wallet answers instead of a result."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


def key_signer(key: LocalAccount) -> Signer:
    """Signs as an account with a key does."""
    return lambda data: (
        "0x" + bytes(key.sign_message(encode_typed_data(full_message=dict(data))).signature).hex()
    )


class Wallet:
    """One wallet of a page. Give it to a page before that goes anywhere.

    `accounts` are its accounts with what signs for each; the first is shown to pages. It is on the chain `active`
    and knows that one and `knows`; of others it says `unknown_code`. With `capabilities` it makes atomic batches
    (EIP-5792).
    """

    def __init__(
        self,
        page: Page,
        demo: DemoProcess,
        accounts: Mapping[str, Signer],
        *,
        name: str = "Test wallet",
        active: int = MAINNET,
        knows: tuple[int, ...] = (),
        icon: str = ICON,
    ) -> None:
        self.page, self.name = page, name
        self.accounts = dict(accounts)
        self.shown = next(iter(self.accounts))
        self.active = active
        self.known = {active, *knows}
        self.unknown_code = UNKNOWN_CHAIN
        self.switches_when_adding = False
        self.stays = False
        self.is_connected = False
        self.capabilities: dict[str, Any] | None = None
        self.prompts: list[str] = []
        self.requests: list[str] = []
        self.added: list[dict[str, Any]] = []
        self.signed: list[tuple[str, TypedData]] = []
        self.held: set[str] = set()
        self._refusals: dict[str, list[int]] = defaultdict(list)
        chains = chains_of(demo)
        self._chains = {manifest.chain_id: manifest for manifest in chains.manifests.values()}
        self._nodes = {chain_id: chains.rpc(manifest.slug) for chain_id, manifest in self._chains.items()}
        self._ask = "ask_" + "".join(letter for letter in name.lower() if letter.isalnum())
        page.context.expose_function(self._ask, self._answer)
        facts = {"name": name, "rdns": f"org.example.{self._ask}", "icon": icon, "ask": self._ask}
        page.context.add_init_script(f"({_PROVIDER})({json.dumps(facts)})")

    def refuse(self, method: str, *codes: int) -> None:
        """Answer the next requests of this method with these errors, one after the other."""
        self._refusals[method] += codes

    def release(self) -> None:
        """Answer what was held."""
        self.held.clear()
        self.page.evaluate(f"{self._ask}_control.release()")

    def show(self, account: str) -> None:
        """The person chooses another account."""
        self.shown = account
        self.emit("accountsChanged", [account])

    def move(self, chain_id: int) -> None:
        """The person goes to another chain by themselves."""
        self.active = chain_id
        self.known.add(chain_id)
        self.emit("chainChanged", hex(chain_id))

    def emit(self, event: str, value: Any) -> None:
        """Tell the page something by an EIP-1193 event."""
        self.page.evaluate(f"([event, value]) => {self._ask}_control.emit(event, value)", [event, value])

    def _answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method in self.held:
            return {"isHeld": True}
        self.requests.append(method)
        try:
            if self._refusals[method]:
                code = self._refusals[method].pop(0)
                if code in (REJECTED, UPGRADE_REJECTED):
                    self.prompts.append(PROMPTS[method])
                raise WalletError(code, "refused")
            events: list[Any] = []
            return {"result": self._result(method, params, events), "events": events}
        except WalletError as error:
            return {"error": {"code": error.code, "message": str(error)}}

    def _result(self, method: str, params: list[Any], events: list[Any]) -> Any:
        match method:
            case "eth_accounts":
                return [self.shown] if self.is_connected else []
            case "eth_requestAccounts":
                self.prompts.append("connect")
                self.is_connected = True
                return [self.shown]
            case "eth_chainId":
                return hex(self.active)
            case "wallet_switchEthereumChain":
                return self._switch(int(params[0]["chainId"], 16), events)
            case "wallet_addEthereumChain":
                return self._add(params[0], events)
            case "eth_signTypedData_v4":
                return self._sign(params[0], json.loads(params[1]))
            case "wallet_getCapabilities" if self.capabilities is not None:
                return self.capabilities
            case "wallet_sendCalls" if self.capabilities is not None:
                return self._send_together(params[0])
        return self._read(method, params)

    def _switch(self, chain_id: int, events: list[Any]) -> None:
        if chain_id not in self.known:
            raise WalletError(self.unknown_code, "Unrecognized chain")
        self.prompts.append("switch")
        if not self.stays:
            self.active = chain_id
            events.append(["chainChanged", hex(chain_id)])

    def _add(self, chain: dict[str, Any], events: list[Any]) -> None:
        self.prompts.append("add")
        self.added.append(chain)
        chain_id = int(chain["chainId"], 16)
        self.known.add(chain_id)
        if self.switches_when_adding:
            self.active = chain_id
            events.append(["chainChanged", hex(chain_id)])

    def _sign(self, account: str, data: TypedData) -> str:
        signer = self.accounts.get(account)
        if signer is None:
            raise WalletError(UNAUTHORISED, "not an account of this wallet")
        if int(data["domain"]["chainId"]) != self.active:
            raise WalletError(INTERNAL, "Provided chainId must match the active chainId")
        self.prompts.append("sign")
        self.signed.append((account, data))
        return signer(data)

    def _send_together(self, batch: dict[str, Any]) -> dict[str, str]:
        if not batch["atomicRequired"] or int(batch["chainId"], 16) != self.active:
            raise WalletError(UNSUPPORTED, "only atomic batches, and here")
        self.prompts.append("batch")
        node, account = self._nodes[self.active], batch["from"]
        executor = self._chains[self.active].address("batch_executor")
        node.request("anvil_setCode", account, "0xef0100" + executor[2:])
        node.request("anvil_impersonateAccount", account)
        calls = [
            (call["to"], int(call["value"], 16), bytes.fromhex(call["data"][2:])) for call in batch["calls"]
        ]
        fees = {"gas": hex(900_000), "gasPrice": hex(10**10)}
        transaction = {"from": account, "to": account, "data": hex_data(EXECUTE, calls), **fees}
        return {"id": str(node.request("eth_sendTransaction", transaction))}

    def _read(self, method: str, params: list[Any]) -> Any:
        node = self._nodes.get(self.active)
        if not method.startswith("eth_") or node is None:
            raise WalletError(UNSUPPORTED, method)
        try:
            return node.request(method, *params)
        except RpcError as error:
            raise WalletError(INTERNAL, str(error)) from error


def connect_with(page: Page, wallet: Wallet) -> None:
    """Choose this wallet from the list."""
    page.click("[data-connect]")
    page.locator("#wallet-dialog [data-wallets] button", has_text=wallet.name).click()
