# pragma version 0.4.3
# @license MIT
"""
@title Taking inputs, to the exact amount
"""

from ethereum.ercs import IERC20
from interfaces import IERC3009


@internal
@payable
def take_native(inputs: DynArray[uint256[2], 2]):
    if len(inputs) != 1:
        raw_revert(method_id("NativeNotAlone()"))
    if inputs[0][1] == 0:
        raw_revert(method_id("ZeroValue()"))
    if msg.value != inputs[0][1]:
        raw_revert(method_id("WrongValue()"))


@internal
@pure
def check_second_input(first: uint256, second: uint256):
    if second == 0:
        raw_revert(method_id("NativeNotAlone()"))
    if first == second:
        raw_revert(method_id("EqualInputs()"))


@internal
@view
def balance_before(token: uint256, amount: uint256) -> uint256:
    # A token without code answers nothing, which reverts.
    if amount == 0:
        raw_revert(method_id("ZeroValue()"))
    if token >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))
    return staticcall IERC20(convert(token, address)).balanceOf(self)


@internal
@view
def require_received(token: uint256, amount: uint256, before: uint256):
    if staticcall IERC20(convert(token, address)).balanceOf(self) != before + amount:
        raw_revert(method_id("WrongAmountReceived()"))


@internal
def transfer_from(token: uint256, amount: uint256, sender: address):
    if not extcall IERC20(convert(token, address)).transferFrom(sender, self, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))


@internal
def pull(token: uint256, amount: uint256, sender: address):
    before: uint256 = self.balance_before(token, amount)
    self.transfer_from(token, amount, sender)
    self.require_received(token, amount, before)


@internal
def pull_by_authorizations(
    inputs: DynArray[uint256[2], 2], valid_before: uint32, sponsor: address, body: Bytes[512], order_id: bytes32
):
    signatures: DynArray[Bytes[160], 2] = abi_decode(body, DynArray[Bytes[160], 2])
    if len(signatures) != len(inputs):
        raw_revert(method_id("SignatureAndInputsNotEqual()"))
    for i: uint256 in range(len(inputs), bound=2):
        raw_call(
            convert(inputs[i][0], address),
            abi_encode(
                sponsor,
                self,
                inputs[i][1],
                empty(uint256),
                valid_before,
                order_id,
                signatures[i],
                method_id=method_id("receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"),
            ),
        )


@internal
def pull_by_authorizations_vrs(
    inputs: DynArray[uint256[2], 2], valid_before: uint32, sponsor: address, signature: Bytes[131], order_id: bytes32
):
    # One byte names the kind, then r, s and v of each input.
    if len(signature) != 65 * len(inputs) + 1:
        raw_revert(method_id("SignatureAndInputsNotEqual()"))
    for i: uint256 in range(len(inputs), bound=2):
        extcall IERC3009(convert(inputs[i][0], address)).receiveWithAuthorization(
            sponsor,
            self,
            inputs[i][1],
            0,
            convert(valid_before, uint256),
            order_id,
            convert(convert(slice(signature, 65 * i + 65, 1), uint256), uint8),
            convert(slice(signature, 65 * i + 1, 32), bytes32),
            convert(slice(signature, 65 * i + 33, 32), bytes32),
        )
