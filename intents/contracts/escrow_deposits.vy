# pragma version 0.4.3
# @license MIT
"""
@title Opening an order out of its deposit address, and giving back whatever else was sent there
@notice An order's deposit address follows from its id alone and is the same on every chain. What is there leaves
        only into the order's escrow or to `order.user`.
"""

from ethereum.ercs import IERC20
import deposit_proxy
import escrow_payouts
import escrow_pulls
import escrow_status
import escrow_terms
from interfaces import IDepositAddress
from interfaces import orders

uses: escrow_payouts
uses: escrow_status

event Recovered:
    orderId: indexed(bytes32)
    token: indexed(address)
    amount: uint256

DEPOSIT_IMPLEMENTATION: public(immutable(address))
PROXY_CODE_HASH: immutable(bytes32)


@deploy
def __init__(implementation: address):
    if not implementation.is_contract:
        raw_revert(method_id("CodeSize0()"))
    DEPOSIT_IMPLEMENTATION = implementation
    PROXY_CODE_HASH = deposit_proxy.code_hash(implementation)


@external
@view
def depositAddress(orderId: bytes32) -> address:
    """@notice Where an order's input may be sent instead of signing for it; nothing has to be deployed there before."""
    return self._address(orderId)


@external
@nonreentrant
def openDeposit(order: orders.StandardOrder, permit: Bytes[65]):
    """
    @notice Lock the one input of an order out of its deposit address; anybody may call. The surplus goes back.
    @param permit Empty; or r, s and v of the EIP-2612 permit of `order.user` to the deposit address for exactly the
           input, good until `fillDeadline`: then the input is taken from the user.
    """
    escrow_terms.check_terms(
        order.user, order.originChainId, order.expires, order.fillDeadline, len(order.inputs), len(order.outputs)
    )
    order_id: bytes32 = escrow_terms.order_id(order)
    if escrow_status.orderStatus[order_id] != escrow_status.UNKNOWN:
        raw_revert(method_id("InvalidOrderStatus()"))
    if len(order.inputs) != 1:
        raw_revert(method_id("NotOneInput()"))
    for i: uint256 in range(len(order.outputs), bound=2):
        escrow_terms.check_output(
            order.outputs[i].amount,
            convert(order.outputs[i].oracle, uint256)
            | convert(order.outputs[i].settler, uint256)
            | convert(order.outputs[i].token, uint256)
            | convert(order.outputs[i].recipient, uint256),
        )
    if len(order.outputs) == 2:
        first: bytes32 = escrow_terms.unfilled_payload_hash(order_id, order.outputs[0], order.fillDeadline)
        if first == escrow_terms.unfilled_payload_hash(order_id, order.outputs[1], order.fillDeadline):
            raw_revert(method_id("EqualOutputs()"))
    escrow_status.orderStatus[order_id] = escrow_status.DEPOSITED
    amount: uint256 = order.inputs[0][1]
    before: uint256 = escrow_pulls.balance_before(order.inputs[0][0], amount)
    token: address = convert(order.inputs[0][0], address)
    deposit: address = self._deployed(order_id)
    received: uint256 = extcall IDepositAddress(deposit).collect(
        order_id, token, order.user, amount, convert(order.fillDeadline, uint256), permit
    )
    if received < amount:
        raw_revert(abi_encode(amount, received, method_id=method_id("DepositTooSmall(uint256,uint256)")))
    escrow_pulls.require_received(order.inputs[0][0], received, before)
    log escrow_status.Open(orderId=order_id, order=order)
    if received > amount:
        log Recovered(orderId=order_id, token=token, amount=received - amount)
        escrow_payouts.pay(order_id, [[order.inputs[0][0], received - amount]], order.user)


@external
@nonreentrant
def recover(order: orders.StandardOrder, token: address):
    """
    @notice Give back to `order.user` all of `token` at the order's deposit address; token 0 is the native coin.
            Anybody may call, but as long as the order can still be opened only its user may take the input back.
    @dev On other chains than the order's nothing there can be opened, so that all of it is given back at any time.
    """
    if order.user == empty(address):
        raw_revert(method_id("NoDestination()"))
    order_id: bytes32 = escrow_terms.order_id(order)
    if (
        msg.sender != order.user
        and order.originChainId == chain.id
        and block.timestamp < convert(order.fillDeadline, uint256)
        and escrow_status.orderStatus[order_id] == escrow_status.UNKNOWN
    ):
        for i: uint256 in range(len(order.inputs), bound=2):
            if order.inputs[i][0] == convert(token, uint256):
                raw_revert(method_id("NotUser()"))
    deposit: address = self._deployed(order_id)
    amount: uint256 = deposit.balance
    if token != empty(address):
        amount = staticcall IERC20(token).balanceOf(deposit)
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    log Recovered(orderId=order_id, token=token, amount=amount)
    if raw_call(
        deposit,
        abi_encode(order_id, token, order.user, method_id=method_id("sweep(bytes32,address,address)")),
        revert_on_failure=False,
    ):
        return
    # A user that refuses the native coin finds it at the address again. Tokens wait to be claimed; a caller with
    # little gas cannot bring that about, because the payout is tried once more and asks for enough.
    if token == empty(address):
        raw_revert(method_id("TransferFailed()"))
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    extcall IDepositAddress(deposit).sweep(order_id, token, self)
    amount = staticcall IERC20(token).balanceOf(self) - before
    escrow_payouts.pay(order_id, [[convert(token, uint256), amount]], order.user)


@internal
def _deployed(order_id: bytes32) -> address:
    deposit: address = self._address(order_id)
    if deposit.is_contract:
        return deposit
    return create_minimal_proxy_to(DEPOSIT_IMPLEMENTATION, salt=order_id)


@internal
@view
def _address(order_id: bytes32) -> address:
    return deposit_proxy.address_of(self, order_id, PROXY_CODE_HASH)
