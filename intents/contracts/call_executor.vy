# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title Acting on arrival: an output is delivered here, one call is made with it, and the rest goes to its recipient
@notice Keeps nothing. Whatever goes wrong with the call, the recipient gets everything; only a recipient that cannot
        be paid, or a call that cannot be read, undoes the fill. Nobody owns this contract.
@dev The callback data of the output is abi.encode(recipient, target, value, data, gas). Anybody can make this contract
     call almost anything by filling an order of his own, so nothing may rest here: not a token, nor an allowance.
"""

from ethereum.ercs import IERC20
from interfaces import IOutputCallback

implements: IOutputCallback

event Called:
    recipient: indexed(address)
    target: indexed(address)
    token: address
    amount: uint256

event CallFailed:
    recipient: indexed(address)
    target: indexed(address)
    token: address
    amount: uint256
    reason: Bytes[256]

MAX_REFUSED: constant(uint256) = 8
MAX_DATA: constant(uint256) = 832
NATIVE: constant(address) = empty(address)
# What the call needs besides its own gas: a cold account, and the stipend of a value that is sent along.
CALL_OVERHEAD: constant(uint256) = 20_000

OUTPUT_SETTLER: public(immutable(address))
# Contracts of ours, whose callers may be known to them; the output settler is refused besides.
isRefused: public(HashMap[address, bool])


@deploy
def __init__(outputSettler: address, refused: DynArray[address, MAX_REFUSED]):
    OUTPUT_SETTLER = outputSettler
    self.isRefused[outputSettler] = True
    for target: address in refused:
        self.isRefused[target] = True


@external
@payable
def __default__():
    """@notice Native coins arrive here as outputs and out of calls; nothing else is understood."""
    if len(msg.data) != 0:
        raw_revert(method_id("UnknownCall()"))


@external
@nonreentrant
def outputFilled(token: bytes32, amount: uint256, executionData: Bytes[1024]):
    """
    @notice Make the call of an output that was just delivered here, then hand over what is left of it.
    @dev What else may be here, by mistake, is left alone. The call gets all of the gas it asks for, or the fill
         reverts: a filler cannot make it fail by sending too little.
    """
    if msg.sender != OUTPUT_SETTLER:
        raw_revert(method_id("NotSettler()"))
    recipient: address = empty(address)
    target: address = empty(address)
    value_wei: uint256 = 0
    data: Bytes[MAX_DATA] = b""
    gas_limit: uint256 = 0
    recipient, target, value_wei, data, gas_limit = abi_decode(
        executionData, (address, address, uint256, Bytes[MAX_DATA], uint256)
    )
    if recipient == empty(address) or recipient == self:
        raw_revert(method_id("NoDestination()"))
    asset: address = convert(convert(token, uint256), address)
    native_before: uint256 = self.balance
    before: uint256 = 0
    if asset == NATIVE:
        native_before -= amount
    else:
        before = staticcall IERC20(asset).balanceOf(self) - amount
    success: bool = False
    reason: Bytes[256] = self._refusal(asset, amount, target, value_wei, data)
    if len(reason) == 0:
        if asset != NATIVE:
            self._approve(asset, target, amount)
        if msg.gas < gas_limit + gas_limit // 63 + CALL_OVERHEAD:
            raw_revert(method_id("NotEnoughGas()"))
        success, reason = raw_call(
            target, data, value=value_wei, gas=gas_limit, max_outsize=256, revert_on_failure=False
        )
        if asset != NATIVE and staticcall IERC20(asset).allowance(self, target) != 0:
            self._approve(asset, target, 0)
    if success:
        log Called(recipient=recipient, target=target, token=asset, amount=amount)
    else:
        log CallFailed(recipient=recipient, target=target, token=asset, amount=amount, reason=reason)
    if asset != NATIVE:
        self._deliver(asset, recipient, staticcall IERC20(asset).balanceOf(self) - before)
    if self.balance != native_before:
        raw_call(recipient, b"", value=self.balance - native_before)


@internal
@view
def _refusal(
    asset: address, amount: uint256, target: address, value_wei: uint256, data: Bytes[MAX_DATA]
) -> Bytes[256]:
    # An allowance given by a call would stay, for its holder to use while somebody else's tokens are here.
    if target == asset or target == self or self.isRefused[target] or self._is_allowance(data):
        return method_id("CallNotAllowed()", output_type=Bytes[4])
    if not target.is_contract:
        return method_id("CodeSize0()", output_type=Bytes[4])
    if value_wei != 0 and (asset != NATIVE or value_wei > amount):
        return method_id("WrongValue()", output_type=Bytes[4])
    return b""


@internal
@pure
def _is_allowance(data: Bytes[MAX_DATA]) -> bool:
    if len(data) < 4:
        return False
    return convert(slice(data, 0, 4), bytes4) in [
        method_id("approve(address,uint256)", output_type=bytes4),
        method_id("increaseAllowance(address,uint256)", output_type=bytes4),
        method_id("increaseApproval(address,uint256)", output_type=bytes4),
        method_id("approveAndCall(address,uint256)", output_type=bytes4),
        method_id("approveAndCall(address,uint256,bytes)", output_type=bytes4),
        method_id("setApprovalForAll(address,bool)", output_type=bytes4),
        method_id("authorizeOperator(address)", output_type=bytes4),
    ]


@internal
def _approve(token: address, spender: address, amount: uint256):
    if not extcall IERC20(token).approve(spender, amount, default_return_value=True):
        raw_revert(method_id("ApproveFailed()"))


@internal
def _deliver(token: address, to: address, amount: uint256):
    if amount == 0:
        return
    if not extcall IERC20(token).transfer(to, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
