# pragma version 0.4.3
# @license MIT
"""
@title Handing inputs over, and keeping what could not be handed over until it is claimed
"""

from ethereum.ercs import IERC20

event PayoutHeld:
    orderId: indexed(bytes32)
    user: indexed(address)
    token: address
    amount: uint256

event Claimed:
    user: indexed(address)
    token: indexed(address)
    to: address
    amount: uint256

NATIVE_GAS: constant(uint256) = 50_000
TOKEN_GAS: constant(uint256) = 300_000

# token -> user -> base units that an earlier payout could not deliver
claimable: public(HashMap[address, HashMap[address, uint256]])


@external
@nonreentrant
def claim(token: address, user: address):
    """@notice Push to `user` what an earlier payout could not deliver; anybody may call. Token 0 is the native coin."""
    self._claim(token, user, user)


@external
@nonreentrant
def claimTo(token: address, to: address):
    """@notice Send what an earlier payout could not deliver to the caller elsewhere."""
    if to == empty(address):
        raw_revert(method_id("NoDestination()"))
    self._claim(token, msg.sender, to)


@internal
def pay(order_id: bytes32, inputs: DynArray[uint256[2], 2], to: address):
    for i: uint256 in range(len(inputs), bound=2):
        token: address = convert(inputs[i][0], address)
        if not self.send(token, to, inputs[i][1]):
            self.claimable[token][to] += inputs[i][1]
            log PayoutHeld(orderId=order_id, user=to, token=token, amount=inputs[i][1])


@internal
def send(token: address, to: address, amount: uint256) -> bool:
    # Without the gas check a caller could starve the transfer and have a good payee recorded as a bad one.
    if token == empty(address):
        if msg.gas < NATIVE_GAS * 64 // 63 + 20_000:
            raw_revert(method_id("NotEnoughGas()"))
        return raw_call(to, b"", value=amount, gas=NATIVE_GAS, revert_on_failure=False)
    if msg.gas < TOKEN_GAS * 64 // 63 + 10_000:
        raw_revert(method_id("NotEnoughGas()"))
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(
        token,
        abi_encode(to, amount, method_id=method_id("transfer(address,uint256)")),
        max_outsize=32,
        gas=TOKEN_GAS,
        revert_on_failure=False,
    )
    if not success:
        return False
    if len(response) == 0:
        return token.is_contract
    return len(response) == 32 and convert(response, uint256) == 1


@internal
def _claim(token: address, user: address, to: address):
    # All gas may be used here: a payee that needs more than NATIVE_GAS gets its money by a claim.
    amount: uint256 = self.claimable[token][user]
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    self.claimable[token][user] = 0
    if token == empty(address):
        raw_call(to, b"", value=amount)
    elif not extcall IERC20(token).transfer(to, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
    log Claimed(user=user, token=token, to=to, amount=amount)
