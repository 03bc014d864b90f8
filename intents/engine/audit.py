"""The books against the chains: what the escrow and our account really hold."""

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import client
from intents.chains.endpoints import RpcUnavailable
from intents.chains.manifest import ChainManifest

from . import ledger
from .ledger import Difference


def ledger_check() -> list[Difference]:
    """Where the books disagree with the chains; empty when all is well and nothing is under way.

    A transfer that nobody booked shows here: the owner's deposits and withdrawals of stock, a token
    sent to the escrow by mistake, or a fact we missed. Reads every chain once; raises what reads raise.
    """
    held: dict[tuple[int, str, str], int] = {}
    for manifest in registry.all_chains().values():
        held |= _held(manifest)
    booked = ledger.balances()
    for chain_id, token, account in list(booked):
        # What a payout could not deliver is still in the escrow contract.
        if account == ledger.Account.CLAIMABLE:
            amount = booked.pop((chain_id, token, account))
            escrow = (chain_id, token, str(ledger.Account.ESCROW))
            booked[escrow] = booked.get(escrow, 0) + amount
    return ledger.compared(booked, held)


def _held(manifest: ChainManifest) -> dict[tuple[int, str, str], int]:
    holders = {
        str(ledger.Account.ESCROW): manifest.address("input_settler"),
        str(ledger.Account.INVENTORY): manifest.address("solver_account"),
    }
    places = [(token.address, account) for token in manifest.tokens for account in holders]
    calls = [(token, encode_call("balanceOf(address)", (holders[account],))) for token, account in places]
    places += [(ZERO_ADDRESS, account) for account in holders]
    multicall = manifest.address("multicall3")
    calls += [(multicall, encode_call("getEthBalance(address)", (holder,))) for holder in holders.values()]
    held = {}
    for (token, account), answer in zip(places, client(manifest.chain_id).multicall(calls), strict=True):
        if not answer.is_success or len(answer.data) < 32:
            # What was not compared is not in order.
            raise RpcUnavailable(f"{manifest.slug}: {token} does not say what our {account} holds")
        held[manifest.chain_id, token, account] = int.from_bytes(answer.data[:32], "big")
    return held
