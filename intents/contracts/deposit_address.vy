# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title The code behind every deposit address: hands what was sent there to the settler that made the address
@notice Holds one order's deposit and obeys one caller, who alone can be the creator of this very address: an address
        made by CREATE2 commits to its creator, to the order's id and to this code. Nobody owns this contract.
"""

from ethereum.ercs import IERC20
import deposit_proxy

PROXY_CODE_HASH: immutable(bytes32)


@deploy
def __init__():
    PROXY_CODE_HASH = deposit_proxy.code_hash(self)


@external
@payable
def __default__():
    """@notice Native coins sent here by mistake are taken and given back by the settler's `recover`."""
    if len(msg.data) != 0:
        raw_revert(method_id("UnknownCall()"))


@external
def sweep(orderId: bytes32, token: address, to: address) -> uint256:
    """
    @notice Send all of `token` to `to`; token 0 is the native coin.
    @return How many base units were here.
    """
    self._check_settler(orderId)
    if token != empty(address):
        return self._sweep(token, to)
    amount: uint256 = self.balance
    raw_call(to, b"", value=amount)
    return amount


@external
def collect(
    orderId: bytes32, token: address, owner: address, amount: uint256, deadline: uint256, permit: Bytes[65]
) -> uint256:
    """
    @notice Send to the settler all of `token` that is here, or with a permit `amount` of its owner's instead.
    @param permit Empty; or r, s and v of the owner's EIP-2612 permit of `amount` to this address until `deadline`.
    @return How many base units were sent.
    """
    self._check_settler(orderId)
    if len(permit) == 0:
        return self._sweep(token, msg.sender)
    accepted: bool = raw_call(
        token,
        abi_encode(
            owner,
            self,
            amount,
            deadline,
            convert(slice(permit, 64, 1), uint256),
            convert(slice(permit, 0, 32), bytes32),
            convert(slice(permit, 32, 32), bytes32),
            method_id=method_id("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ),
        revert_on_failure=False,
    )
    # Whoever saw the permit may have handed it to the token before: then the allowance is there all the same.
    if not accepted and staticcall IERC20(token).allowance(owner, self) < amount:
        raw_revert(method_id("PermitRefused()"))
    if not extcall IERC20(token).transferFrom(owner, msg.sender, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
    return amount


@internal
def _sweep(token: address, to: address) -> uint256:
    amount: uint256 = staticcall IERC20(token).balanceOf(self)
    if not extcall IERC20(token).transfer(to, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
    return amount


@internal
@view
def _check_settler(order_id: bytes32):
    if deposit_proxy.address_of(msg.sender, order_id, PROXY_CODE_HASH) != self:
        raw_revert(method_id("NotSettler()"))
