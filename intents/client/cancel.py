"""Take a signature back before it is used: by the signer's key, a public endpoint and the network list alone."""

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.contracts.addresses import deposit_address_of
from intents.settlement import calls, cancelling
from intents.settlement.order import StandardOrder, int_to_address, order_id
from intents.settlement.typed_data import TypedData

from .chain_account import ChainAccount


class CannotCancel(Exception):
    """Nothing was cancelled; `code` is why."""

    retry = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def cancel(order: StandardOrder, *, key: str, origin: ChainManifest, way: str = "") -> str:
    """Make the order's signature worthless; the transaction's hash. The key pays its gas.

    `way` is how it was signed, by default the one its token suggests. Raises CannotCancel, ChainUnreachable.
    """
    signer = Account.from_key(key)
    if signer.address != order.user:
        raise CannotCancel("not_the_signer", f"only {order.user} can cancel it")
    account = ChainAccount(origin, key)
    way = way or _likely_way(order, account)
    if way not in cancelling.WAYS:
        raise CannotCancel(
            "way_not_cancellable", f"a transfer confirmed by {way} has no signature to take back"
        )
    voiding = _voided_permit if way == cancelling.PERMIT else _used_nonce
    tx_hash = account.send(voiding(order, way=way, signer=signer, account=account))
    if not tx_hash:
        raise CannotCancel("came_too_late", "the chain rejected it: the transfer may have begun meanwhile")
    return tx_hash


def _likely_way(order: StandardOrder, account: ChainAccount) -> str:
    """The way a page would have taken: Permit2 only where it may move enough of the token."""
    token = _token(order, account.chain)
    if token.eip3009 != "none":
        return cancelling.EIP3009
    if token.permit == "none":
        return cancelling.PERMIT2
    view = encode_call("allowance(address,address)", [order.user, account.chain.address("permit2")])
    allowance = account.number(Call(target=token.address, data=view))
    return cancelling.PERMIT2 if allowance >= order.inputs[0][1] else cancelling.PERMIT


def _used_nonce(order: StandardOrder, *, way: str, signer: LocalAccount, account: ChainAccount) -> Call:
    origin, identity = account.chain, _identity(order, account.chain)
    view = cancelling.nonce_state(order, order_id=identity, way=way, origin=origin)
    if cancelling.is_used(bytes.fromhex(account.view(view)[2:]), order, way=way):
        raise _already_used()
    if way == cancelling.PERMIT2:
        return cancelling.invalidate_nonce(order, origin=origin)
    data = cancelling.cancel_typed_data(order, order_id=identity, origin=origin)
    return cancelling.cancel_authorization(order, order_id=identity, signature=_signed(data, signer))


def _voided_permit(order: StandardOrder, *, way: str, signer: LocalAccount, account: ChainAccount) -> Call:
    """Nobody can tell from outside whether a permit was cancelled before: once more does no harm."""
    origin, identity = account.chain, _identity(order, account.chain)
    # In this order: what begins after the count was read has used that number, and ours is rejected.
    count = account.number(cancelling.permit_count(order))
    if account.number(calls.order_status(identity, origin=origin)):
        raise _already_used()
    place = deposit_address_of(
        identity,
        settler=origin.address("input_settler"),
        implementation=origin.address("deposit_implementation"),
    )
    data = cancelling.void_permit_data(order, deposit_address=place, count=count, origin=origin)
    return cancelling.void_permit(order, deposit_address=place, signature=_signed(data, signer))


def _token(order: StandardOrder, origin: ChainManifest) -> TokenManifest:
    return origin.token(int_to_address(order.inputs[0][0]))


def _identity(order: StandardOrder, origin: ChainManifest) -> bytes:
    return order_id(order, settler=origin.address("input_settler"))


def _signed(data: TypedData, signer: LocalAccount) -> bytes:
    return bytes(signer.sign_message(encode_typed_data(full_message=data)).signature)


def _already_used() -> CannotCancel:
    return CannotCancel("already_used", "the signature is used already: the transfer began, or was cancelled")
