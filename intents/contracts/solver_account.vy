# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title The filler: holds stock, fills orders from it or by a swap in the same transaction, and collects the inputs
@notice Operators act, the owner sets limits and withdraws. Whatever an operator does, no more than the hourly cap of
        each token leaves, only to allow-listed settlers and venues, and every fill names this account as the solver.
@dev Allowances are exact and back at zero when a call ends. A token without a cap cannot leave.
"""

from ethereum.ercs import IERC20
import account_access
import account_outflow
from interfaces import IInputSettler
from interfaces import IOutputSettler
from interfaces import orders

initializes: account_access
initializes: account_outflow

exports: (
    account_access.owner,
    account_access.proposedOwner,
    account_access.isOperator,
    account_access.isSettler,
    account_access.isVenue,
    account_access.setOperator,
    account_access.setSettler,
    account_access.setVenues,
    account_access.proposeOwner,
    account_access.acceptOwner,
    account_outflow.cap,
    account_outflow.outflow,
)

event CapSet:
    token: indexed(address)
    amount: uint256

event Withdrawn:
    token: indexed(address)
    to: indexed(address)
    amount: uint256

# One call to a venue: spend at most maxInput of tokenIn, sending `value` wei along (all of it for native input).
struct Swap:
    venue: address
    tokenIn: address
    maxInput: uint256
    value: uint256
    data: Bytes[1024]

MAX_SWAPS: constant(uint256) = 3
MAX_LIST: constant(uint256) = 16
SURPLUS_GAS: constant(uint256) = 100_000
NATIVE: constant(address) = empty(address)


@deploy
def __init__(owner: address, operators: DynArray[address, MAX_LIST], settlers: DynArray[address, MAX_LIST]):
    account_access.__init__(owner, operators, settlers)


@external
@payable
def __default__():
    """@notice Native coins arrive here from settlers, venues and the owner; nothing else is understood."""
    if len(msg.data) != 0:
        raw_revert(method_id("UnknownCall()"))


@external
@nonreentrant
def fill(outputSettler: address, orderId: bytes32, outputs: DynArray[orders.MandateOutput, 2], fillDeadline: uint48):
    """
    @notice Deliver all outputs of an order from stock, the valuable one first; all or none.
    @dev Reverts `AlreadyFilled` before anything moves when any output has a record.
    """
    account_access.check_operator()
    account_access.check_settler(outputSettler)
    self._require_unfilled(outputSettler, orderId, outputs)
    before: uint256[2] = self._output_balances(outputs)
    self._fill(outputSettler, orderId, outputs, fillDeadline)
    self._count_outputs(outputs, before)


@external
@nonreentrant
def swapAndFill(
    outputSettler: address,
    orderId: bytes32,
    outputs: DynArray[orders.MandateOutput, 2],
    fillDeadline: uint48,
    swaps: DynArray[Swap, MAX_SWAPS],
    minOutput: uint256,
    expectedOutput: uint256,
    surplusRecipient: address,
):
    """
    @notice Buy the first output's token on venues and deliver all outputs at once.
    @dev Reads the fill record before any swap, so that no swap ever follows somebody else's fill. What the swap
         yields over the signed amount goes to `surplusRecipient` up to `expectedOutput` after the fill; if that
         transfer fails the surplus stays here and the fill stands.
    @param minOutput The least the swaps must yield, in base units of the first output's token.
    @param surplusRecipient The final recipient; without a callback it must be the output's recipient.
    """
    account_access.check_operator()
    account_access.check_settler(outputSettler)
    self._require_unfilled(outputSettler, orderId, outputs)
    recipient: address = self._address(outputs[0].recipient)
    if len(outputs[0].callbackData) == 0 and surplusRecipient != recipient:
        raw_revert(method_id("WrongRecipient()"))
    token_out: address = self._address(outputs[0].token)
    before: uint256 = account_outflow.balance_of(token_out)
    self._swap(swaps, token_out)
    bought: uint256 = account_outflow.balance_of(token_out) - before
    if bought < minOutput:
        raw_revert(abi_encode(minOutput, bought, method_id=method_id("TooLittleOutput(uint256,uint256)")))
    balances: uint256[2] = self._output_balances(outputs)
    self._fill(outputSettler, orderId, outputs, fillDeadline)
    promised: uint256 = min(bought, expectedOutput)
    if promised > outputs[0].amount:
        self._send_surplus(token_out, surplusRecipient, promised - outputs[0].amount)
    # Only what leaves beyond the yield of the swaps is stock.
    balances[0] -= bought
    self._count_outputs(outputs, balances)


@external
@nonreentrant
def fillMany(
    outputSettler: address, token: address, items: DynArray[IOutputSettler.FillItem, 16]
) -> uint256:
    """
    @notice Deliver several plain outputs of one ERC-20 from stock, skipping what is filled or too late.
    @return How many were delivered.
    """
    account_access.check_operator()
    account_access.check_settler(outputSettler)
    total: uint256 = 0
    for i: uint256 in range(len(items), bound=16):
        if items[i].output.token != convert(token, bytes32):
            raw_revert(method_id("WrongToken()"))
        total += items[i].output.amount
    before: uint256 = account_outflow.balance_of(token)
    self._approve(token, outputSettler, total)
    filled: uint256 = extcall IOutputSettler(outputSettler).fillMany(items, self._filler_data())
    self._clear(token, outputSettler)
    account_outflow.count(token, before)
    return filled


@external
@nonreentrant
def trade(swaps: DynArray[Swap, MAX_SWAPS], tokenOut: address, minOutput: uint256):
    """
    @notice Call venues without a fill, to rebalance or to bridge stock.
    @param minOutput The least `tokenOut` must grow by here; 0 when the proceeds arrive on another chain.
    """
    account_access.check_operator()
    before: uint256 = account_outflow.balance_of(tokenOut)
    self._swap(swaps, tokenOut)
    gained: uint256 = 0
    after: uint256 = account_outflow.balance_of(tokenOut)
    if after > before:
        gained = after - before
    if gained < minOutput:
        raw_revert(abi_encode(minOutput, gained, method_id=method_id("TooLittleOutput(uint256,uint256)")))
    account_outflow.count(tokenOut, before)


@external
@nonreentrant
def finalise(
    inputSettler: address, order: orders.StandardOrder, solveParams: DynArray[orders.SolveParams, 2]
):
    """@notice Collect the inputs of an order this account filled; they always come here."""
    account_access.check_operator()
    account_access.check_settler(inputSettler)
    extcall IInputSettler(inputSettler).finalise(order, solveParams, convert(self, bytes32), b"")


@external
@nonreentrant
def withdraw(token: address, to: address, amount: uint256):
    """@notice The owner takes stock out; token 0 is the native coin."""
    account_access.check_owner()
    if to == empty(address):
        raw_revert(method_id("NoDestination()"))
    if token == NATIVE:
        raw_call(to, b"", value=amount)
    elif not extcall IERC20(token).transfer(to, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
    log Withdrawn(token=token, to=to, amount=amount)


@external
def setCaps(tokens: DynArray[address, MAX_LIST], amounts: DynArray[uint256, MAX_LIST]):
    """@notice How many base units of each token may leave per clock hour by operators' acts; token 0 is native."""
    account_access.check_owner()
    if len(tokens) != len(amounts):
        raw_revert(method_id("LengthMismatch()"))
    for i: uint256 in range(len(tokens), bound=MAX_LIST):
        account_outflow.cap[tokens[i]] = amounts[i]
        log CapSet(token=tokens[i], amount=amounts[i])


@internal
@view
def _require_unfilled(output_settler: address, order_id: bytes32, outputs: DynArray[orders.MandateOutput, 2]):
    if len(outputs) == 0:
        raw_revert(method_id("NoOutputs()"))
    for i: uint256 in range(len(outputs), bound=2):
        output_hash: bytes32 = keccak256(
            concat(
                outputs[i].oracle,
                outputs[i].settler,
                convert(outputs[i].chainId, bytes32),
                outputs[i].token,
                convert(outputs[i].amount, bytes32),
                outputs[i].recipient,
                convert(convert(len(outputs[i].callbackData), uint16), bytes2),
                outputs[i].callbackData,
                convert(convert(len(outputs[i].context), uint16), bytes2),
                outputs[i].context,
            )
        )
        if staticcall IOutputSettler(output_settler).getFillRecord(order_id, output_hash) != empty(bytes32):
            raw_revert(method_id("AlreadyFilled()"))


@internal
def _fill(
    output_settler: address,
    order_id: bytes32,
    outputs: DynArray[orders.MandateOutput, 2],
    fill_deadline: uint48,
):
    ours: bytes32 = keccak256(
        concat(convert(self, bytes32), convert(convert(block.timestamp, uint32), bytes4))
    )
    for i: uint256 in range(len(outputs), bound=2):
        token: address = self._address(outputs[i].token)
        native: uint256 = 0
        if token == NATIVE:
            native = outputs[i].amount
        else:
            self._approve(token, output_settler, outputs[i].amount)
        record: bytes32 = extcall IOutputSettler(output_settler).fill(
            order_id, outputs[i], fill_deadline, self._filler_data(), value=native
        )
        if record != ours:
            raw_revert(method_id("AlreadyFilled()"))
        if token != NATIVE:
            self._clear(token, output_settler)


@internal
def _swap(swaps: DynArray[Swap, MAX_SWAPS], token_out: address):
    for i: uint256 in range(len(swaps), bound=MAX_SWAPS):
        if not account_access.isVenue[swaps[i].venue]:
            raw_revert(method_id("VenueNotAllowed()"))
        if swaps[i].tokenIn == token_out:
            raw_revert(method_id("WrongToken()"))
        before: uint256 = account_outflow.balance_of(swaps[i].tokenIn)
        native_before: uint256 = self.balance
        if swaps[i].tokenIn != NATIVE:
            self._approve(swaps[i].tokenIn, swaps[i].venue, swaps[i].maxInput)
        raw_call(swaps[i].venue, swaps[i].data, value=swaps[i].value)
        if swaps[i].tokenIn != NATIVE:
            self._clear(swaps[i].tokenIn, swaps[i].venue)
            if token_out != NATIVE:
                account_outflow.count(NATIVE, native_before)
        after: uint256 = account_outflow.balance_of(swaps[i].tokenIn)
        if before > after and before - after > swaps[i].maxInput:
            raw_revert(
                abi_encode(
                    swaps[i].maxInput, before - after, method_id=method_id("TooMuchInput(uint256,uint256)")
                )
            )
        account_outflow.count(swaps[i].tokenIn, before)


@internal
@view
def _output_balances(outputs: DynArray[orders.MandateOutput, 2]) -> uint256[2]:
    balances: uint256[2] = empty(uint256[2])
    for i: uint256 in range(len(outputs), bound=2):
        balances[i] = account_outflow.balance_of(self._address(outputs[i].token))
    return balances


@internal
def _count_outputs(outputs: DynArray[orders.MandateOutput, 2], before: uint256[2]):
    account_outflow.count(self._address(outputs[0].token), before[0])
    if len(outputs) == 2 and outputs[1].token != outputs[0].token:
        account_outflow.count(self._address(outputs[1].token), before[1])


@internal
def _approve(token: address, spender: address, amount: uint256):
    if not extcall IERC20(token).approve(spender, amount, default_return_value=True):
        raw_revert(method_id("ApproveFailed()"))


@internal
def _clear(token: address, spender: address):
    if staticcall IERC20(token).allowance(self, spender) != 0:
        self._approve(token, spender, 0)


@internal
def _send_surplus(token: address, to: address, amount: uint256):
    if token == NATIVE:
        unused: bool = raw_call(to, b"", value=amount, gas=SURPLUS_GAS, revert_on_failure=False)
    else:
        unused: bool = raw_call(
            token,
            abi_encode(to, amount, method_id=method_id("transfer(address,uint256)")),
            gas=SURPLUS_GAS,
            revert_on_failure=False,
        )


@internal
@view
def _filler_data() -> Bytes[32]:
    return abi_encode(self)


@internal
@pure
def _address(identifier: bytes32) -> address:
    if convert(identifier, uint256) >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))
    return convert(convert(identifier, uint256), address)
