# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title Delivery of outputs and witness of what was and was not delivered
@notice Holds no funds: a fill moves the filler's tokens to the recipient and leaves a record. Nobody owns this contract.
@dev ABI, records and events are those of the Open Intents Framework (5323b1bf1d10) within the bounds of `orders.vyi`.
"""

from ethereum.ercs import IERC20
import fill_terms
from interfaces import IOutputCallback
from interfaces import orders

event OutputFilled:
    orderId: indexed(bytes32)
    solver: bytes32
    timestamp: uint32
    output: orders.MandateOutput
    finalAmount: uint256

event Unfilled:
    orderId: indexed(bytes32)
    outputHash: bytes32
    fillDeadline: uint32
    oracle: address

struct FillItem:
    orderId: bytes32
    output: orders.MandateOutput
    fillDeadline: uint48

MAX_BATCH: constant(uint256) = 16
MAX_PAYLOADS: constant(uint256) = 16
UNFILLED_TAG: constant(bytes32) = keccak256("Waymeet.Unfilled.v1")
UNFILLED_BYTES: constant(uint256) = 100
SHORTEST_FILL_BYTES: constant(uint256) = 168

fill_records: HashMap[bytes32, HashMap[bytes32, bytes32]]
# Payload hash of an attested absence of a fill -> the oracle its output names.
unfilled_oracle: HashMap[bytes32, address]


@external
@payable
@nonreentrant
def fill(orderId: bytes32, output: orders.MandateOutput, fillDeadline: uint48, fillerData: Bytes[256]) -> bytes32:
    """
    @notice Deliver `output` from the caller's tokens, or from `msg.value` when its token is 0.
    @dev Does not revert when somebody was first: then nothing moves and the earlier record is returned.
    @param fillDeadline The caller's word; a fill past the order's own deadline can never be claimed.
    @param fillerData Begins with the 32-byte id to be paid on the origin chain.
    @return The record of the fill: keccak(solver, timestamp).
    """
    if convert(fillDeadline, uint256) < block.timestamp:
        raw_revert(method_id("FillDeadline()"))
    solver: bytes32 = self._solver(fillerData)
    self._check_output(output.chainId, output.settler, output.oracle, output.token)
    amount: uint256 = output.amount
    if len(output.context) != 0:
        amount = fill_terms.amount_due(amount, output.context, solver)
    output_hash: bytes32 = keccak256(
        concat(
            output.oracle,
            output.settler,
            convert(output.chainId, bytes32),
            output.token,
            convert(output.amount, bytes32),
            output.recipient,
            convert(convert(len(output.callbackData), uint16), bytes2),
            output.callbackData,
            convert(convert(len(output.context), uint16), bytes2),
            output.context,
        )
    )
    record: bytes32 = self.fill_records[orderId][output_hash]
    if record == empty(bytes32):
        timestamp: uint32 = convert(block.timestamp, uint32)
        record = keccak256(concat(solver, convert(timestamp, bytes4)))
        self.fill_records[orderId][output_hash] = record
        recipient: address = self._address(output.recipient)
        self._deliver(output.token, recipient, amount)
        if len(output.callbackData) != 0:
            extcall IOutputCallback(recipient).outputFilled(output.token, amount, output.callbackData)
        log OutputFilled(
            orderId=orderId, solver=solver, timestamp=timestamp, output=output, finalAmount=amount
        )
    self._return_excess()
    return record


@external
@payable
@nonreentrant
def fillOrderOutputs(
    orderId: bytes32, outputs: DynArray[orders.MandateOutput, 2], fillDeadline: uint48, fillerData: Bytes[256]
):
    """
    @notice Deliver all outputs of an order or none.
    @dev Reverts when the first output was already filled in another way, because its filler owns the order.
    """
    if convert(fillDeadline, uint256) < block.timestamp:
        raw_revert(method_id("FillDeadline()"))
    if len(outputs) == 0:
        raw_revert(method_id("NoOutputs()"))
    solver: bytes32 = self._solver(fillerData)
    record: bytes32 = keccak256(concat(solver, convert(convert(block.timestamp, uint32), bytes4)))
    for i: uint256 in range(len(outputs), bound=2):
        existing: bytes32 = empty(bytes32)
        is_new: bool = False
        existing, is_new = self._fill(orderId, outputs[i], solver)
        if i == 0 and existing != record:
            raw_revert(method_id("AlreadyFilled()"))
    self._return_excess()


@external
@nonreentrant
def fillMany(items: DynArray[FillItem, MAX_BATCH], fillerData: Bytes[256]) -> uint256:
    """
    @notice Deliver several plain ERC-20 outputs from the caller's tokens.
    @dev Skips what is already filled or past its deadline; reverts on anything else that cannot be delivered.
    @return How many were delivered by this call.
    """
    solver: bytes32 = self._solver(fillerData)
    filled: uint256 = 0
    for i: uint256 in range(len(items), bound=MAX_BATCH):
        if convert(items[i].fillDeadline, uint256) < block.timestamp:
            continue
        if items[i].output.token == empty(bytes32) or len(items[i].output.callbackData) != 0:
            raw_revert(method_id("NotPlain()"))
        record: bytes32 = empty(bytes32)
        is_new: bool = False
        record, is_new = self._fill(items[i].orderId, items[i].output, solver)
        if is_new:
            filled += 1
    return filled


@external
def attestUnfilled(orderId: bytes32, output: orders.MandateOutput, fillDeadline: uint32) -> bytes32:
    """
    @notice Record that `output` was not filled by `fillDeadline`, so that its oracle can carry the word.
    @dev The deadline is the caller's word: the input settler rebuilds the payload with the order's own.
    @return The hash of the payload.
    """
    if block.timestamp <= convert(fillDeadline, uint256):
        raw_revert(method_id("TimestampNotPassed()"))
    self._check_output(output.chainId, output.settler, output.oracle, output.token)
    output_hash: bytes32 = self._output_hash(output)
    if self.fill_records[orderId][output_hash] != empty(bytes32):
        raw_revert(method_id("AlreadyFilled()"))
    oracle: address = self._address(output.oracle)
    payload_hash: bytes32 = keccak256(concat(UNFILLED_TAG, orderId, output_hash, convert(fillDeadline, bytes4)))
    self.unfilled_oracle[payload_hash] = oracle
    log Unfilled(orderId=orderId, outputHash=output_hash, fillDeadline=fillDeadline, oracle=oracle)
    return payload_hash


@external
@view
def hasAttested(payloads: DynArray[Bytes[1320], MAX_PAYLOADS]) -> bool:
    """
    @notice Whether every payload is a recorded fill or a recorded absence of one, of outputs that name the caller
            as their oracle.
    @dev The kinds differ in length, so that no preimage can serve as both.
    """
    for i: uint256 in range(len(payloads), bound=MAX_PAYLOADS):
        if len(payloads[i]) == UNFILLED_BYTES:
            if self.unfilled_oracle[keccak256(payloads[i])] != msg.sender or msg.sender == empty(address):
                return False
            continue
        if len(payloads[i]) < SHORTEST_FILL_BYTES:
            raw_revert(method_id("PayloadTooSmall()"))
        output_hash: bytes32 = keccak256(
            concat(
                convert(msg.sender, bytes32),
                convert(self, bytes32),
                convert(chain.id, bytes32),
                slice(payloads[i], 68, len(payloads[i]) - 68),
            )
        )
        order_id: bytes32 = convert(slice(payloads[i], 32, 32), bytes32)
        # The preimage of the record, solver and timestamp, stands at 0 and at 64.
        if self.fill_records[order_id][output_hash] != keccak256(
            concat(slice(payloads[i], 0, 32), slice(payloads[i], 64, 4))
        ):
            return False
    return True


@external
@view
def getFillRecord(orderId: bytes32, outputHash: bytes32) -> bytes32:
    """@notice keccak(solver, timestamp) of the fill, zero when there is none."""
    return self.fill_records[orderId][outputHash]


@external
@view
def getUnfilledOracle(payloadHash: bytes32) -> address:
    """@notice The oracle that may carry an attested absence of a fill, zero when it was not attested."""
    return self.unfilled_oracle[payloadHash]


@internal
def _fill(order_id: bytes32, output: orders.MandateOutput, solver: bytes32) -> (bytes32, bool):
    self._check_output(output.chainId, output.settler, output.oracle, output.token)
    amount: uint256 = output.amount
    if len(output.context) != 0:
        amount = fill_terms.amount_due(amount, output.context, solver)
    output_hash: bytes32 = self._output_hash(output)
    record: bytes32 = self.fill_records[order_id][output_hash]
    if record != empty(bytes32):
        return record, False
    timestamp: uint32 = convert(block.timestamp, uint32)
    record = keccak256(concat(solver, convert(timestamp, bytes4)))
    self.fill_records[order_id][output_hash] = record
    recipient: address = self._address(output.recipient)
    self._deliver(output.token, recipient, amount)
    if len(output.callbackData) != 0:
        extcall IOutputCallback(recipient).outputFilled(output.token, amount, output.callbackData)
    log OutputFilled(orderId=order_id, solver=solver, timestamp=timestamp, output=output, finalAmount=amount)
    return record, True


@internal
@pure
def _output_hash(output: orders.MandateOutput) -> bytes32:
    return keccak256(
        concat(
            output.oracle,
            output.settler,
            convert(output.chainId, bytes32),
            output.token,
            convert(output.amount, bytes32),
            output.recipient,
            convert(convert(len(output.callbackData), uint16), bytes2),
            output.callbackData,
            convert(convert(len(output.context), uint16), bytes2),
            output.context,
        )
    )


@internal
@pure
def _solver(filler_data: Bytes[256]) -> bytes32:
    if len(filler_data) < 32:
        raw_revert(method_id("FillerDataTooShort()"))
    solver: bytes32 = convert(slice(filler_data, 0, 32), bytes32)
    if solver == empty(bytes32):
        raw_revert(method_id("ZeroValue()"))
    return solver


@internal
@view
def _check_output(chain_id: uint256, settler: bytes32, oracle: bytes32, token: bytes32):
    if chain_id != chain.id:
        raw_revert(abi_encode(chain_id, chain.id, method_id=method_id("WrongChain(uint256,uint256)")))
    this: bytes32 = convert(self, bytes32)
    if settler != this:
        raw_revert(abi_encode(this, settler, method_id=method_id("WrongOutputSettler(bytes32,bytes32)")))
    if (convert(oracle, uint256) | convert(token, uint256)) >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))


@internal
@pure
def _address(identifier: bytes32) -> address:
    return convert(convert(identifier, uint256) & convert(max_value(uint160), uint256), address)


@internal
def _deliver(token: bytes32, recipient: address, amount: uint256):
    if token == empty(bytes32):
        raw_call(recipient, b"", value=amount)
    elif not extcall IERC20(convert(convert(token, uint256), address)).transferFrom(
        msg.sender, recipient, amount, default_return_value=True
    ):
        raw_revert(method_id("TransferFailed()"))


@internal
def _return_excess():
    if self.balance != 0:
        raw_call(msg.sender, b"", value=self.balance)
