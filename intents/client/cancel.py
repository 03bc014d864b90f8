"""Take a signature back before it is used: by the signer's key, a public endpoint and the network list alone."""

from eth_account import Account
from eth_account.messages import encode_typed_data

from intents.chains.manifest import ChainManifest
from intents.settlement import cancelling
from intents.settlement.order import StandardOrder, int_to_address, order_id

from .chain_account import ChainAccount


class CannotCancel(Exception):
    """Nothing was cancelled; `code` is why."""

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
    token = origin.token(int_to_address(order.inputs[0][0]))
    way = way or (cancelling.PERMIT2 if token.eip3009 == "none" else cancelling.EIP3009)
    if way not in cancelling.WAYS:
        raise CannotCancel(
            "way_not_cancellable", f"a transfer confirmed by {way} has no signature to take back"
        )
    identity = order_id(order, settler=origin.address("input_settler"))
    account = ChainAccount(origin, key)
    view = cancelling.nonce_state(order, order_id=identity, way=way, origin=origin)
    if cancelling.is_used(bytes.fromhex(account.view(view)[2:]), order, way=way):
        raise CannotCancel(
            "already_used", "the signature is used already: the transfer began, or was cancelled"
        )
    if way == cancelling.PERMIT2:
        call = cancelling.invalidate_nonce(order, origin=origin)
    else:
        data = cancelling.cancel_typed_data(order, order_id=identity, origin=origin)
        signature = bytes(signer.sign_message(encode_typed_data(full_message=data)).signature)
        call = cancelling.cancel_authorization(order, order_id=identity, signature=signature)
    tx_hash = account.send(call)
    if not tx_hash:
        raise CannotCancel("came_too_late", "the chain rejected it: the transfer may have begun meanwhile")
    return tx_hash
