# pragma version 0.4.3
# @license MIT
"""
@title What every order must satisfy before it is opened, its id, and the payloads that prove what became of it
"""

from interfaces import orders

UNFILLED_TAG: constant(bytes32) = keccak256("Waymeet.Unfilled.v1")


@internal
@view
def check_terms(
    user: address, origin_chain_id: uint256, expires: uint32, fill_deadline: uint32, inputs: uint256, outputs: uint256
):
    if origin_chain_id != chain.id:
        raw_revert(abi_encode(origin_chain_id, chain.id, method_id=method_id("WrongChain(uint256,uint256)")))
    if block.timestamp >= convert(fill_deadline, uint256):
        raw_revert(method_id("TimestampPassed()"))
    if fill_deadline > expires:
        raw_revert(
            abi_encode(fill_deadline, expires, method_id=method_id("FillDeadlineAfterExpiry(uint32,uint32)"))
        )
    if user == empty(address):
        raw_revert(method_id("NoDestination()"))
    if inputs == 0:
        raw_revert(method_id("NoInputs()"))
    if outputs == 0:
        raw_revert(method_id("NoOutputs()"))


@internal
@view
def check_chain(chain_id: uint256):
    if chain_id != chain.id:
        raw_revert(abi_encode(chain_id, chain.id, method_id=method_id("WrongChain(uint256,uint256)")))


@internal
@pure
def check_output(amount: uint256, identifiers: uint256):
    if amount == 0:
        raw_revert(method_id("ZeroValue()"))
    if identifiers >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))


@internal
@view
def order_id(order: orders.StandardOrder) -> bytes32:
    # Of the order on its own chain; what is opened or paid out here was checked to be of this one.
    # The entry points with a tight gas ceiling repeat this inline: handing over the order copies it.
    return keccak256(
        concat(
            convert(order.originChainId, bytes32),
            convert(self, bytes20),
            convert(order.user, bytes20),
            convert(order.nonce, bytes32),
            convert(order.expires, bytes4),
            convert(order.fillDeadline, bytes4),
            convert(order.inputOracle, bytes20),
            keccak256(slice(abi_encode(order.inputs), 64, 64 * len(order.inputs))),
            abi_encode(order.outputs),
        )
    )


@internal
@pure
def fill_payload_hash(order_id: bytes32, output: orders.MandateOutput, solver: bytes32, filled_at: uint32) -> bytes32:
    return keccak256(
        concat(
            solver,
            order_id,
            convert(filled_at, bytes4),
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
def unfilled_payload_hash(order_id: bytes32, output: orders.MandateOutput, fill_deadline: uint32) -> bytes32:
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
    return keccak256(concat(UNFILLED_TAG, order_id, output_hash, convert(fill_deadline, bytes4)))
