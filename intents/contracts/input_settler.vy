# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title Escrow of the inputs of signed orders
@notice Inputs are locked by `open`, `openFor` or `openDeposit`. They leave to the proven filler, or back to
        `order.user` on proof that an output was not delivered in time or after `expires`. Nobody owns this contract.
@dev ABI, order ids, Permit2 witness and events are those of the Open Intents Framework (5323b1bf1d10) for orders
     within the bounds of `orders.vyi`; larger orders revert with empty data.
"""

import escrow_deposits
import escrow_payouts
import escrow_pulls
import escrow_status
import escrow_terms
import permit2_witness
from interfaces import IInputOracle
from interfaces import IPermit2
from interfaces import orders

initializes: escrow_payouts
initializes: escrow_status
initializes: escrow_deposits[escrow_payouts := escrow_payouts, escrow_status := escrow_status]

exports: (escrow_deposits.__interface__, escrow_payouts.__interface__, escrow_status.__interface__)

event Finalised:
    orderId: indexed(bytes32)
    solver: bytes32
    destination: bytes32

event Refunded:
    orderId: indexed(bytes32)

MAX_BATCH: constant(uint256) = 10
BY_PERMIT2: constant(uint256) = 0
BY_AUTHORIZATION: constant(uint256) = 1
BY_AUTHORIZATION_VRS: constant(uint256) = 2
BY_SELF: constant(uint256) = 255

PERMIT2: public(immutable(address))


@deploy
def __init__(permit2: address, depositImplementation: address):
    PERMIT2 = permit2
    escrow_deposits.__init__(depositImplementation)


@external
@view
def orderIdentifier(order: orders.StandardOrder) -> bytes32:
    """@notice The id of the order here; only meaningful when `originChainId` is this chain."""
    return escrow_terms.order_id(order)


@external
@payable
@nonreentrant
def open(order: orders.StandardOrder):
    """
    @notice Lock the inputs, pulled from the caller, for `order.user`.
    @dev The native coin is token 0, alone, and `msg.value` is exactly its amount.
    """
    escrow_terms.check_terms(
        order.user, order.originChainId, order.expires, order.fillDeadline, len(order.inputs), len(order.outputs)
    )
    order_id: bytes32 = keccak256(
        concat(
            convert(chain.id, bytes32),
            convert(self, bytes20),
            convert(order.user, bytes20),
            convert(order.nonce, bytes32),
            convert(order.expires, bytes4),
            convert(order.fillDeadline, bytes4),
            convert(order.inputOracle, bytes20),
            (
                keccak256(abi_encode(order.inputs[0]))
                if len(order.inputs) == 1
                else keccak256(slice(abi_encode(order.inputs), 64, 64 * len(order.inputs)))
            ),
            abi_encode(order.outputs),
        )
    )
    if escrow_status.orderStatus[order_id] != 0:
        raw_revert(method_id("InvalidOrderStatus()"))
    escrow_terms.check_output(
        order.outputs[0].amount,
        convert(order.outputs[0].oracle, uint256)
        | convert(order.outputs[0].settler, uint256)
        | convert(order.outputs[0].token, uint256)
        | convert(order.outputs[0].recipient, uint256),
    )
    if len(order.outputs) == 2:
        escrow_terms.check_output(
            order.outputs[1].amount,
            convert(order.outputs[1].oracle, uint256)
            | convert(order.outputs[1].settler, uint256)
            | convert(order.outputs[1].token, uint256)
            | convert(order.outputs[1].recipient, uint256),
        )
        if keccak256(abi_encode(order.outputs[0])) == keccak256(abi_encode(order.outputs[1])):
            raw_revert(method_id("EqualOutputs()"))
    escrow_status.orderStatus[order_id] = escrow_status.DEPOSITED
    token: uint256 = order.inputs[0][0]
    if token == 0:
        escrow_pulls.take_native(order.inputs)
    else:
        if msg.value != 0:
            raw_revert(method_id("WrongValue()"))
        escrow_pulls.pull(token, order.inputs[0][1], msg.sender)
        if len(order.inputs) == 2:
            escrow_pulls.check_second_input(token, order.inputs[1][0])
            escrow_pulls.pull(order.inputs[1][0], order.inputs[1][1], msg.sender)
    log escrow_status.Open(orderId=order_id, order=order)


@external
@nonreentrant
def openFor(order: orders.StandardOrder, sponsor: address, signature: Bytes[1024]):
    """
    @notice Lock the inputs of `sponsor` for `order.user` by the sponsor's signature; anybody may submit it.
    @param signature 0x00 and a Permit2 signature; 0x01 and an EIP-3009 one, or an encoded bytes[] with one per input;
           0x02 and r, s, v of each input for tokens of EIP-3009's v, r, s form; empty or 0xff if the sponsor calls.
    """
    escrow_terms.check_terms(
        order.user, order.originChainId, order.expires, order.fillDeadline, len(order.inputs), len(order.outputs)
    )
    order_id: bytes32 = keccak256(
        concat(
            convert(chain.id, bytes32),
            convert(self, bytes20),
            convert(order.user, bytes20),
            convert(order.nonce, bytes32),
            convert(order.expires, bytes4),
            convert(order.fillDeadline, bytes4),
            convert(order.inputOracle, bytes20),
            (
                keccak256(abi_encode(order.inputs[0]))
                if len(order.inputs) == 1
                else keccak256(slice(abi_encode(order.inputs), 64, 64 * len(order.inputs)))
            ),
            abi_encode(order.outputs),
        )
    )
    if escrow_status.orderStatus[order_id] != 0:
        raw_revert(method_id("InvalidOrderStatus()"))
    escrow_terms.check_output(
        order.outputs[0].amount,
        convert(order.outputs[0].oracle, uint256)
        | convert(order.outputs[0].settler, uint256)
        | convert(order.outputs[0].token, uint256)
        | convert(order.outputs[0].recipient, uint256),
    )
    if len(order.outputs) == 2:
        escrow_terms.check_output(
            order.outputs[1].amount,
            convert(order.outputs[1].oracle, uint256)
            | convert(order.outputs[1].settler, uint256)
            | convert(order.outputs[1].token, uint256)
            | convert(order.outputs[1].recipient, uint256),
        )
        if keccak256(abi_encode(order.outputs[0])) == keccak256(abi_encode(order.outputs[1])):
            raw_revert(method_id("EqualOutputs()"))
    escrow_status.orderStatus[order_id] = escrow_status.DEPOSITED
    token: uint256 = order.inputs[0][0]
    amount: uint256 = order.inputs[0][1]
    before: uint256 = escrow_pulls.balance_before(token, amount)
    before_second: uint256 = 0
    if len(order.inputs) == 2:
        escrow_pulls.check_second_input(token, order.inputs[1][0])
        before_second = escrow_pulls.balance_before(order.inputs[1][0], order.inputs[1][1])
    kind: uint256 = BY_SELF
    if len(signature) != 0:
        kind = convert(slice(signature, 0, 1), uint256)
    if kind == BY_PERMIT2:
        output_hashes: DynArray[bytes32, 2] = []
        for i: uint256 in range(len(order.outputs), bound=2):
            output_hashes.append(
                keccak256(
                    abi_encode(
                        permit2_witness.MANDATE_OUTPUT_TYPEHASH,
                        order.outputs[i].oracle,
                        order.outputs[i].settler,
                        order.outputs[i].chainId,
                        order.outputs[i].token,
                        order.outputs[i].amount,
                        order.outputs[i].recipient,
                        keccak256(order.outputs[i].callbackData),
                        keccak256(order.outputs[i].context),
                    )
                )
            )
        outputs_hash: bytes32 = keccak256(output_hashes[0])
        if len(output_hashes) == 2:
            outputs_hash = keccak256(concat(output_hashes[0], output_hashes[1]))
        permitted: DynArray[IPermit2.TokenPermissions, 2] = []
        details: DynArray[IPermit2.SignatureTransferDetails, 2] = []
        for input: uint256[2] in order.inputs:
            permitted.append(IPermit2.TokenPermissions(token=convert(input[0], address), amount=input[1]))
            details.append(IPermit2.SignatureTransferDetails(to=self, requestedAmount=input[1]))
        extcall IPermit2(PERMIT2).permitWitnessTransferFrom(
            IPermit2.PermitBatchTransferFrom(
                permitted=permitted, nonce=order.nonce, deadline=convert(order.fillDeadline, uint256)
            ),
            details,
            sponsor,
            keccak256(abi_encode(permit2_witness.TYPEHASH, order.user, order.expires, order.inputOracle, outputs_hash)),
            permit2_witness.TYPESTRING,
            slice(signature, 1, len(signature) - 1),
        )
    elif kind == BY_AUTHORIZATION:
        accepted: bool = False
        if len(order.inputs) == 1:
            reason: Bytes[256] = b""
            accepted, reason = raw_call(
                convert(token, address),
                abi_encode(
                    sponsor,
                    self,
                    amount,
                    empty(uint256),
                    order.fillDeadline,
                    order_id,
                    slice(signature, 1, len(signature) - 1),
                    method_id=method_id("receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"),
                ),
                max_outsize=256,
                revert_on_failure=False,
            )
            # An encoded bytes[] begins with this word. Anything else is told the token's own reason.
            if not accepted and (len(signature) < 33 or convert(slice(signature, 1, 32), uint256) != 32):
                raw_revert(reason)
        if not accepted:
            escrow_pulls.pull_by_authorizations(
                order.inputs,
                order.fillDeadline,
                sponsor,
                convert(slice(signature, 1, len(signature) - 1), Bytes[512]),
                order_id,
            )
    elif kind == BY_AUTHORIZATION_VRS:
        escrow_pulls.pull_by_authorizations_vrs(
            order.inputs, order.fillDeadline, sponsor, convert(signature, Bytes[131]), order_id
        )
    elif kind == BY_SELF and msg.sender == sponsor:
        for input: uint256[2] in order.inputs:
            escrow_pulls.transfer_from(input[0], input[1], sponsor)
    else:
        raw_revert(abi_encode(convert(convert(kind, uint8), bytes1), method_id=method_id("SignatureNotSupported(bytes1)")))
    escrow_pulls.require_received(token, amount, before)
    if len(order.inputs) == 2:
        escrow_pulls.require_received(order.inputs[1][0], order.inputs[1][1], before_second)
    log escrow_status.Open(orderId=order_id, order=order)


@external
@nonreentrant
def finalise(
    order: orders.StandardOrder, solveParams: DynArray[orders.SolveParams, 2], destination: bytes32, call: Bytes[256]
):
    """
    @notice Pay the inputs of a proven order to `destination`; only the filler of the first output may say where.
    @param call Must be empty: this settler makes no calls on behalf of fillers.
    """
    if convert(destination, uint256) << 96 == 0:
        raw_revert(method_id("NoDestination()"))
    if len(call) != 0:
        raw_revert(method_id("CallNotSupported()"))
    if not self._finalise(order, solveParams, destination, convert(msg.sender, bytes32)):
        raw_revert(method_id("InvalidOrderStatus()"))


@external
@nonreentrant
def finaliseMany(
    batch: DynArray[orders.StandardOrder, MAX_BATCH],
    solveParams: DynArray[DynArray[orders.SolveParams, 2], MAX_BATCH],
) -> uint256:
    """
    @notice Pay proven orders to the fillers of their first outputs; anybody may call.
    @dev Skips orders that are not deposited (somebody was first); reverts on one that is not proven.
    @return How many orders were paid.
    """
    if len(batch) != len(solveParams):
        raw_revert(method_id("InvalidTimestampLength()"))
    paid: uint256 = 0
    for i: uint256 in range(len(batch), bound=MAX_BATCH):
        if len(solveParams[i]) == 0:
            raw_revert(method_id("InvalidTimestampLength()"))
        solver: bytes32 = solveParams[i][0].solver
        if convert(solver, uint256) >> 160 != 0 or solver == empty(bytes32):
            raw_revert(method_id("HasDirtyBits()"))
        if self._finalise(batch[i], solveParams[i], solver, solver):
            paid += 1
    return paid


@external
@nonreentrant
def refundUnfilled(order: orders.StandardOrder, index: uint256):
    """
    @notice Give the inputs back to `order.user` on proof that `outputs[index]` was not filled by `fillDeadline`.
    @dev One output suffices, because a claim needs all of them.
    """
    escrow_terms.check_chain(order.originChainId)
    order_id: bytes32 = escrow_terms.order_id(order)
    if escrow_status.orderStatus[order_id] != escrow_status.DEPOSITED:
        raw_revert(method_id("InvalidOrderStatus()"))
    if index >= len(order.outputs):
        raw_revert(method_id("NoSuchOutput()"))
    self._require_proven(
        order.inputOracle,
        order.outputs[index].chainId,
        order.outputs[index].oracle,
        order.outputs[index].settler,
        escrow_terms.unfilled_payload_hash(order_id, order.outputs[index], order.fillDeadline),
    )
    escrow_status.orderStatus[order_id] = escrow_status.REFUNDED
    escrow_payouts.pay(order_id, order.inputs, order.user)
    log Refunded(orderId=order_id)


@external
@nonreentrant
def refund(order: orders.StandardOrder):
    """@notice Give the inputs back to `order.user` once `expires` has passed, filled or not; anybody may call."""
    if block.timestamp <= convert(order.expires, uint256):
        raw_revert(method_id("TimestampNotPassed()"))
    escrow_terms.check_chain(order.originChainId)
    order_id: bytes32 = keccak256(
        concat(
            convert(chain.id, bytes32),
            convert(self, bytes20),
            convert(order.user, bytes20),
            convert(order.nonce, bytes32),
            convert(order.expires, bytes4),
            convert(order.fillDeadline, bytes4),
            convert(order.inputOracle, bytes20),
            (
                keccak256(abi_encode(order.inputs[0]))
                if len(order.inputs) == 1
                else keccak256(slice(abi_encode(order.inputs), 64, 64 * len(order.inputs)))
            ),
            abi_encode(order.outputs),
        )
    )
    if escrow_status.orderStatus[order_id] != escrow_status.DEPOSITED:
        raw_revert(method_id("InvalidOrderStatus()"))
    escrow_status.orderStatus[order_id] = escrow_status.REFUNDED
    escrow_payouts.pay(order_id, order.inputs, order.user)
    log Refunded(orderId=order_id)


@internal
def _finalise(
    order: orders.StandardOrder, solve_params: DynArray[orders.SolveParams, 2], destination: bytes32, owner: bytes32
) -> bool:
    escrow_terms.check_chain(order.originChainId)
    order_id: bytes32 = escrow_terms.order_id(order)
    if escrow_status.orderStatus[order_id] != escrow_status.DEPOSITED:
        return False
    if len(order.outputs) == 0:
        raw_revert(method_id("NoOutputs()"))
    if len(solve_params) != len(order.outputs):
        raw_revert(method_id("InvalidTimestampLength()"))
    if solve_params[0].solver != owner:
        raw_revert(method_id("NotOrderOwner()"))
    for i: uint256 in range(len(order.outputs), bound=2):
        filled_at: uint32 = solve_params[i].timestamp
        if filled_at > order.fillDeadline:
            raw_revert(
                abi_encode(order.fillDeadline, filled_at, method_id=method_id("FilledTooLate(uint32,uint32)"))
            )
        self._require_proven(
            order.inputOracle,
            order.outputs[i].chainId,
            order.outputs[i].oracle,
            order.outputs[i].settler,
            escrow_terms.fill_payload_hash(order_id, order.outputs[i], solve_params[i].solver, filled_at),
        )
    escrow_status.orderStatus[order_id] = escrow_status.CLAIMED
    to: address = convert(convert(destination, uint256) & convert(max_value(uint160), uint256), address)
    escrow_payouts.pay(order_id, order.inputs, to)
    log Finalised(orderId=order_id, solver=owner, destination=destination)
    return True


@internal
@view
def _require_proven(input_oracle: address, chain_id: uint256, oracle: bytes32, settler: bytes32, payload_hash: bytes32):
    # A high-level call reverts on an oracle without code.
    if not staticcall IInputOracle(input_oracle).isProven(chain_id, oracle, settler, payload_hash):
        raw_revert(method_id("NotProven()"))
