"""Transfers to and from our places that nothing of ours made: the owner's own stock in and out, and strays.

No fact of an order tells of them, so a person says that they are known; then the books have them.
"""

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError
from intents.models import LedgerEntry

from . import ledger
from .bridging import until_depth
from .receipts import moved
from .unbooked import ESCROW, INVENTORY, Effect, is_known

Account = LedgerEntry.Account
HOLDERS = {ESCROW: "input_settler", INVENTORY: "solver_account"}
# Where what came from nobody's order comes from, and goes to.
_OTHER_SIDE = {ESCROW: Account.USER, INVENTORY: Account.MARKET}


class TransferNotFinal(WaymeetError):
    """Its block is not final, or no node shows it yet."""

    code = "transfer_not_final"
    retry = True


class TransferNotOutside(WaymeetError):
    """It moved nothing of ours, or is a transaction whose facts are booked by themselves."""

    code = "transfer_not_outside"


def outside(manifest: ChainManifest, tx_hash: str) -> list[Effect]:
    """What a transaction of somebody else put into our places, as its receipt says.

    Raises TransferNotFinal, TransferNotOutside, and what reading the chain raises.
    """
    if is_known(tx_hash):
        raise TransferNotOutside(f"{tx_hash} is known here, and booked by itself or already")
    reader = client(manifest.chain_id)
    receipt = reader.receipt(tx_hash)
    if receipt is None or until_depth(manifest.chain_id, receipt.block_number) is not None:
        raise TransferNotFinal(f"{tx_hash} is in no final block of {manifest.slug}")
    found = [
        Effect(token.address, account, change)
        for token in manifest.tokens
        for account, contract in HOLDERS.items()
        if (
            change := moved(receipt.logs, token.address, to=manifest.address(contract))
            - moved(receipt.logs, token.address, of=manifest.address(contract))
        )
    ]
    sent = reader.transaction(tx_hash) or {}
    target, wei = str(sent.get("to") or "").lower(), int(sent.get("value") or "0x0", 16)
    found += [
        Effect(ZERO_ADDRESS, account, wei)
        for account, contract in HOLDERS.items()
        if wei and target == manifest.address(contract).lower()
    ]
    if not receipt.is_success or not found:
        raise TransferNotOutside(f"{tx_hash} moved nothing into or out of our places on {manifest.slug}")
    return found


def book_outside(manifest: ChainManifest, tx_hash: str, effects: list[Effect]) -> None:
    """Write it down, once however often it is asked for."""
    for effect in effects:
        place, other = Account(effect.account), _OTHER_SIDE[effect.account]
        debit, credit = (other, place) if effect.amount > 0 else (place, other)
        ledger.book(
            None,
            chain_id=manifest.chain_id,
            token=effect.token,
            debit=debit,
            credit=credit,
            amount=abs(effect.amount),
            memo=ledger.outside_memo(tx_hash),
        )
