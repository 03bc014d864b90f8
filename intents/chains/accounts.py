"""The keys that sign our transactions, by role, from the environment."""

from functools import lru_cache

from environ import FileAwareEnv
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

from intents.errors import WaymeetError

from . import registry

OPERATOR = "operator"
RELAYER = "relayer"
# Sends nothing by itself: withdrawals and limits that two people approved. It may be kept elsewhere.
OWNER = "owner"
VARIABLES = {OPERATOR: "WAYMEET_OPERATOR_KEY", RELAYER: "WAYMEET_RELAYER_KEY"}
_ALL_VARIABLES = {**VARIABLES, OWNER: "WAYMEET_OWNER_KEY"}
# For processes that read what these accounts hold and never send.
ADDRESSES = {OPERATOR: "WAYMEET_OPERATOR_ADDRESS", RELAYER: "WAYMEET_RELAYER_ADDRESS"}

# Accounts 1, 2 and 0 of the test mnemonic that every local node knows: worthless by design.
LOCAL_KEYS = {
    OPERATOR: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    RELAYER: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    OWNER: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
}
TEST_MNEMONIC = "test test test test test test test test test test test junk"
TEST_ACCOUNTS = 20


class PublicKeyRefused(WaymeetError):
    """A key that everybody knows would hold value on a chain that is not local."""

    code = "public_key_refused"
    status = 500


class UnknownRole(WaymeetError):
    """No such sending role."""

    code = "unknown_role"
    status = 500


class SenderMalformed(WaymeetError):
    """A setting that names an account's address holds something else."""

    code = "sender_malformed"
    status = 500


def account(role: str) -> LocalAccount:
    """The signer of a role; raises PublicKeyRefused for a well-known key once any chain is not local."""
    if role not in _ALL_VARIABLES:
        raise UnknownRole(role)
    signer = _from_key(_own_key(role) or LOCAL_KEYS[role])
    if not _is_local():
        refuse_public(role, signer.address)
    return signer


def has_key(role: str) -> bool:
    """Whether this process can sign as a role: with a key of its own, or the public one where all is local."""
    return bool(_own_key(role)) or _is_local()


def address(role: str) -> str:
    """Checksummed address of a role's signer: of its key, else as named. Raises what `account` does."""
    named = str(FileAwareEnv().str(ADDRESSES[role], default="")) if role in ADDRESSES else ""
    if not named or _own_key(role):
        return str(account(role).address)
    if not is_address(named):
        raise SenderMalformed(f"{ADDRESSES[role]}: {named} is no address")
    if not _is_local():
        refuse_public(role, to_checksum_address(named))
    return to_checksum_address(named)


def refuse_public(role: str, signer: str) -> None:
    """Raise PublicKeyRefused when `signer` is one of the public test accounts."""
    if signer in _public_addresses():
        raise PublicKeyRefused(f"set {_ALL_VARIABLES[role]}: {signer} is a public test account", role=role)


def _own_key(role: str) -> str:
    return str(FileAwareEnv().str(_ALL_VARIABLES[role], default=""))


def _is_local() -> bool:
    return all(chain.is_local for chain in registry.all_chains().values())


@lru_cache(maxsize=8)
def _from_key(key: str) -> LocalAccount:
    return Account.from_key(key)


@lru_cache(maxsize=1)
def _public_addresses() -> frozenset[str]:
    Account.enable_unaudited_hdwallet_features()
    paths = (f"m/44'/60'/0'/0/{index}" for index in range(TEST_ACCOUNTS))
    return frozenset(Account.from_mnemonic(TEST_MNEMONIC, account_path=path).address for path in paths)
