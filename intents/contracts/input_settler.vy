# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title Escrow of the inputs of signed orders
@notice Inputs are locked by `open` or `openFor`. They leave to the proven filler, or back to `order.user` on proof
        that an output was not delivered in time, or to `order.user` after `expires`. Nobody owns this contract.
@dev ABI, order ids, Permit2 witness and events are those of the Open Intents Framework (5323b1bf1d10) for orders
     within the bounds of `orders.vyi`; larger orders revert with empty data.
"""

from ethereum.ercs import IERC20
from interfaces import IERC3009
from interfaces import IInputOracle
from interfaces import IPermit2
from interfaces import orders

event Open:
    orderId: indexed(bytes32)
    order: orders.StandardOrder

event Finalised:
    orderId: indexed(bytes32)
    solver: bytes32
    destination: bytes32

event Refunded:
    orderId: indexed(bytes32)

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

MAX_BATCH: constant(uint256) = 10
NATIVE_GAS: constant(uint256) = 50_000
TOKEN_GAS: constant(uint256) = 300_000

DEPOSITED: constant(uint8) = 1
CLAIMED: constant(uint8) = 2
REFUNDED: constant(uint8) = 3

BY_PERMIT2: constant(uint256) = 0
BY_AUTHORIZATION: constant(uint256) = 1
BY_AUTHORIZATION_VRS: constant(uint256) = 2
BY_SELF: constant(uint256) = 255

UNFILLED_TAG: constant(bytes32) = keccak256("Waymeet.Unfilled.v1")
MANDATE_OUTPUT_TYPEHASH: constant(bytes32) = keccak256(
    "MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)"
)
WITNESS_TYPEHASH: constant(bytes32) = keccak256(
    "Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)"
)
WITNESS_TYPESTRING: constant(String[330]) = (
    "Permit2Witness witness)MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)TokenPermissions(address token,uint256 amount)"
)

PERMIT2: public(immutable(address))

orderStatus: public(HashMap[bytes32, uint8])
claimable: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(permit2: address):
    PERMIT2 = permit2


@external
@view
def orderIdentifier(order: orders.StandardOrder) -> bytes32:
    """@notice The id of the order here; only meaningful when `originChainId` is this chain."""
    return self._order_id(order)


@external
@payable
@nonreentrant
def open(order: orders.StandardOrder):
    """
    @notice Lock the inputs, pulled from the caller, for `order.user`.
    @dev The native coin is token 0, alone, and `msg.value` is exactly its amount.
    """
    self._check_terms(order.user, order.originChainId, order.expires, order.fillDeadline)
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
    if self.orderStatus[order_id] != 0:
        raw_revert(method_id("InvalidOrderStatus()"))
    self._check_counts(len(order.inputs), len(order.outputs))
    self._check_output(
        order.outputs[0].amount,
        convert(order.outputs[0].oracle, uint256)
        | convert(order.outputs[0].settler, uint256)
        | convert(order.outputs[0].token, uint256)
        | convert(order.outputs[0].recipient, uint256),
    )
    if len(order.outputs) == 2:
        self._check_output(
            order.outputs[1].amount,
            convert(order.outputs[1].oracle, uint256)
            | convert(order.outputs[1].settler, uint256)
            | convert(order.outputs[1].token, uint256)
            | convert(order.outputs[1].recipient, uint256),
        )
        if keccak256(abi_encode(order.outputs[0])) == keccak256(abi_encode(order.outputs[1])):
            raw_revert(method_id("EqualOutputs()"))
    self.orderStatus[order_id] = DEPOSITED
    if order.inputs[0][0] == 0:
        self._take_native(order.inputs)
    else:
        if msg.value != 0:
            raw_revert(method_id("WrongValue()"))
        self._pull(order.inputs[0][0], order.inputs[0][1], msg.sender)
        if len(order.inputs) == 2:
            self._check_second_input(order.inputs[0][0], order.inputs[1][0])
            self._pull(order.inputs[1][0], order.inputs[1][1], msg.sender)
    log Open(orderId=order_id, order=order)


@external
@nonreentrant
def openFor(order: orders.StandardOrder, sponsor: address, signature: Bytes[1024]):
    """
    @notice Lock the inputs of `sponsor` for `order.user` by the sponsor's signature; anybody may submit it.
    @param signature 0x00 and a Permit2 signature; 0x01 and an EIP-3009 signature, or the ABI encoding of bytes[] with
           one signature per input; 0x02 and r, s, v (65 bytes) per input for tokens whose EIP-3009 takes v, r, s;
           empty or 0xff when the sponsor itself calls.
    """
    self._check_terms(order.user, order.originChainId, order.expires, order.fillDeadline)
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
    if self.orderStatus[order_id] != 0:
        raw_revert(method_id("InvalidOrderStatus()"))
    self._check_counts(len(order.inputs), len(order.outputs))
    self._check_output(
        order.outputs[0].amount,
        convert(order.outputs[0].oracle, uint256)
        | convert(order.outputs[0].settler, uint256)
        | convert(order.outputs[0].token, uint256)
        | convert(order.outputs[0].recipient, uint256),
    )
    if len(order.outputs) == 2:
        self._check_output(
            order.outputs[1].amount,
            convert(order.outputs[1].oracle, uint256)
            | convert(order.outputs[1].settler, uint256)
            | convert(order.outputs[1].token, uint256)
            | convert(order.outputs[1].recipient, uint256),
        )
        if keccak256(abi_encode(order.outputs[0])) == keccak256(abi_encode(order.outputs[1])):
            raw_revert(method_id("EqualOutputs()"))
    self.orderStatus[order_id] = DEPOSITED
    before: uint256 = self._balance(order.inputs[0][0], order.inputs[0][1])
    before_second: uint256 = 0
    if len(order.inputs) == 2:
        self._check_second_input(order.inputs[0][0], order.inputs[1][0])
        before_second = self._balance(order.inputs[1][0], order.inputs[1][1])
    kind: uint256 = BY_SELF
    if len(signature) != 0:
        kind = convert(slice(signature, 0, 1), uint256)
    if kind == BY_PERMIT2:
        output_hashes: DynArray[bytes32, 2] = []
        for i: uint256 in range(len(order.outputs), bound=2):
            output_hashes.append(
                keccak256(
                    abi_encode(
                        MANDATE_OUTPUT_TYPEHASH,
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
        outputs_hash: bytes32 = empty(bytes32)
        if len(output_hashes) == 1:
            outputs_hash = keccak256(output_hashes[0])
        else:
            outputs_hash = keccak256(concat(output_hashes[0], output_hashes[1]))
        permitted: DynArray[IPermit2.TokenPermissions, 2] = []
        details: DynArray[IPermit2.SignatureTransferDetails, 2] = []
        for i: uint256 in range(len(order.inputs), bound=2):
            amount: uint256 = order.inputs[i][1]
            permitted.append(
                IPermit2.TokenPermissions(token=convert(order.inputs[i][0], address), amount=amount)
            )
            details.append(IPermit2.SignatureTransferDetails(to=self, requestedAmount=amount))
        extcall IPermit2(PERMIT2).permitWitnessTransferFrom(
            IPermit2.PermitBatchTransferFrom(
                permitted=permitted, nonce=order.nonce, deadline=convert(order.fillDeadline, uint256)
            ),
            details,
            sponsor,
            keccak256(abi_encode(WITNESS_TYPEHASH, order.user, order.expires, order.inputOracle, outputs_hash)),
            WITNESS_TYPESTRING,
            slice(signature, 1, len(signature) - 1),
        )
    elif kind == BY_AUTHORIZATION:
        accepted: bool = False
        if len(order.inputs) == 1:
            reason: Bytes[256] = b""
            accepted, reason = raw_call(
                convert(order.inputs[0][0], address),
                abi_encode(
                    sponsor,
                    self,
                    order.inputs[0][1],
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
            self._pull_by_authorizations(
                order.inputs,
                order.fillDeadline,
                sponsor,
                convert(slice(signature, 1, len(signature) - 1), Bytes[512]),
                order_id,
            )
    elif kind == BY_AUTHORIZATION_VRS:
        if len(signature) != 65 * len(order.inputs) + 1:
            raw_revert(method_id("SignatureAndInputsNotEqual()"))
        for i: uint256 in range(len(order.inputs), bound=2):
            extcall IERC3009(convert(order.inputs[i][0], address)).receiveWithAuthorization(
                sponsor,
                self,
                order.inputs[i][1],
                0,
                convert(order.fillDeadline, uint256),
                order_id,
                convert(convert(slice(signature, 65 * i + 65, 1), uint256), uint8),
                convert(slice(signature, 65 * i + 1, 32), bytes32),
                convert(slice(signature, 65 * i + 33, 32), bytes32),
            )
    elif kind == BY_SELF and msg.sender == sponsor:
        for i: uint256 in range(len(order.inputs), bound=2):
            self._transfer_from(order.inputs[i][0], order.inputs[i][1], sponsor)
    else:
        raw_revert(abi_encode(convert(convert(kind, uint8), bytes1), method_id=method_id("SignatureNotSupported(bytes1)")))
    self._require_received(order.inputs[0][0], order.inputs[0][1], before)
    if len(order.inputs) == 2:
        self._require_received(order.inputs[1][0], order.inputs[1][1], before_second)
    log Open(orderId=order_id, order=order)


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
    self._check_chain(order.originChainId)
    order_id: bytes32 = self._order_id(order)
    if self.orderStatus[order_id] != DEPOSITED:
        raw_revert(method_id("InvalidOrderStatus()"))
    if index >= len(order.outputs):
        raw_revert(method_id("NoSuchOutput()"))
    output_hash: bytes32 = keccak256(
        concat(
            order.outputs[index].oracle,
            order.outputs[index].settler,
            convert(order.outputs[index].chainId, bytes32),
            order.outputs[index].token,
            convert(order.outputs[index].amount, bytes32),
            order.outputs[index].recipient,
            convert(convert(len(order.outputs[index].callbackData), uint16), bytes2),
            order.outputs[index].callbackData,
            convert(convert(len(order.outputs[index].context), uint16), bytes2),
            order.outputs[index].context,
        )
    )
    self._require_proven(
        order.inputOracle,
        order.outputs[index].chainId,
        order.outputs[index].oracle,
        order.outputs[index].settler,
        keccak256(concat(UNFILLED_TAG, order_id, output_hash, convert(order.fillDeadline, bytes4))),
    )
    self.orderStatus[order_id] = REFUNDED
    self._pay(order_id, order.inputs, order.user)
    log Refunded(orderId=order_id)


@external
@nonreentrant
def refund(order: orders.StandardOrder):
    """@notice Give the inputs back to `order.user` once `expires` has passed, filled or not; anybody may call."""
    if block.timestamp <= convert(order.expires, uint256):
        raw_revert(method_id("TimestampNotPassed()"))
    self._check_chain(order.originChainId)
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
    if self.orderStatus[order_id] != DEPOSITED:
        raw_revert(method_id("InvalidOrderStatus()"))
    self.orderStatus[order_id] = REFUNDED
    self._pay(order_id, order.inputs, order.user)
    log Refunded(orderId=order_id)


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
@view
def _check_terms(user: address, origin_chain_id: uint256, expires: uint32, fill_deadline: uint32):
    self._check_chain(origin_chain_id)
    if block.timestamp >= convert(fill_deadline, uint256):
        raw_revert(method_id("TimestampPassed()"))
    if fill_deadline > expires:
        raw_revert(
            abi_encode(fill_deadline, expires, method_id=method_id("FillDeadlineAfterExpiry(uint32,uint32)"))
        )
    if user == empty(address):
        raw_revert(method_id("NoDestination()"))


@internal
@view
def _check_chain(chain_id: uint256):
    if chain_id != chain.id:
        raw_revert(abi_encode(chain_id, chain.id, method_id=method_id("WrongChain(uint256,uint256)")))


@internal
@pure
def _check_counts(inputs: uint256, outputs: uint256):
    if inputs == 0:
        raw_revert(method_id("NoInputs()"))
    if outputs == 0:
        raw_revert(method_id("NoOutputs()"))


@internal
@pure
def _check_output(amount: uint256, identifiers: uint256):
    if amount == 0:
        raw_revert(method_id("ZeroValue()"))
    if identifiers >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))


@internal
@view
def _order_id(order: orders.StandardOrder) -> bytes32:
    # The entry points with a tight gas ceiling repeat this inline: handing over the order copies it.
    return keccak256(
        concat(
            convert(chain.id, bytes32),
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
def _finalise(
    order: orders.StandardOrder, solve_params: DynArray[orders.SolveParams, 2], destination: bytes32, owner: bytes32
) -> bool:
    self._check_chain(order.originChainId)
    order_id: bytes32 = self._order_id(order)
    if self.orderStatus[order_id] != DEPOSITED:
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
        payload_hash: bytes32 = keccak256(
            concat(
                solve_params[i].solver,
                order_id,
                convert(filled_at, bytes4),
                order.outputs[i].token,
                convert(order.outputs[i].amount, bytes32),
                order.outputs[i].recipient,
                convert(convert(len(order.outputs[i].callbackData), uint16), bytes2),
                order.outputs[i].callbackData,
                convert(convert(len(order.outputs[i].context), uint16), bytes2),
                order.outputs[i].context,
            )
        )
        self._require_proven(
            order.inputOracle,
            order.outputs[i].chainId,
            order.outputs[i].oracle,
            order.outputs[i].settler,
            payload_hash,
        )
    self.orderStatus[order_id] = CLAIMED
    to: address = convert(convert(destination, uint256) & convert(max_value(uint160), uint256), address)
    self._pay(order_id, order.inputs, to)
    log Finalised(orderId=order_id, solver=owner, destination=destination)
    return True


@internal
@view
def _require_proven(input_oracle: address, chain_id: uint256, oracle: bytes32, settler: bytes32, payload_hash: bytes32):
    # A high-level call reverts on an oracle without code.
    if not staticcall IInputOracle(input_oracle).isProven(chain_id, oracle, settler, payload_hash):
        raw_revert(method_id("NotProven()"))


@internal
@payable
def _take_native(inputs: DynArray[uint256[2], 2]):
    if len(inputs) != 1:
        raw_revert(method_id("NativeNotAlone()"))
    if inputs[0][1] == 0:
        raw_revert(method_id("ZeroValue()"))
    if msg.value != inputs[0][1]:
        raw_revert(method_id("WrongValue()"))


@internal
@pure
def _check_second_input(first: uint256, second: uint256):
    if second == 0:
        raw_revert(method_id("NativeNotAlone()"))
    if first == second:
        raw_revert(method_id("EqualInputs()"))


@internal
@view
def _balance(token: uint256, amount: uint256) -> uint256:
    # A token without code answers nothing, which reverts.
    if amount == 0:
        raw_revert(method_id("ZeroValue()"))
    if token >> 160 != 0:
        raw_revert(method_id("HasDirtyBits()"))
    return staticcall IERC20(convert(token, address)).balanceOf(self)


@internal
@view
def _require_received(token: uint256, amount: uint256, before: uint256):
    if staticcall IERC20(convert(token, address)).balanceOf(self) != before + amount:
        raw_revert(method_id("WrongAmountReceived()"))


@internal
def _transfer_from(token: uint256, amount: uint256, sender: address):
    if not extcall IERC20(convert(token, address)).transferFrom(sender, self, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))


@internal
def _pull(token: uint256, amount: uint256, sender: address):
    before: uint256 = self._balance(token, amount)
    self._transfer_from(token, amount, sender)
    self._require_received(token, amount, before)


@internal
def _pull_by_authorizations(
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
def _pay(order_id: bytes32, inputs: DynArray[uint256[2], 2], to: address):
    for i: uint256 in range(len(inputs), bound=2):
        token: address = convert(inputs[i][0], address)
        if not self._send(token, to, inputs[i][1]):
            self.claimable[token][to] += inputs[i][1]
            log PayoutHeld(orderId=order_id, user=to, token=token, amount=inputs[i][1])


@internal
def _send(token: address, to: address, amount: uint256) -> bool:
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
