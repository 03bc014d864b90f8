# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title Carrier of attestations between chains over Hyperlane
@notice Dispatches payloads that an application attests here and stores the hashes of those that arrive. It names its
        own immutable security module, so the Mailbox owner's default one never counts. Nobody owns this contract.
@dev Messages and storage keys are those of the Open Intents Framework (5323b1bf1d10). Hyperlane domains are taken as
     chain ids: chains where they differ must not be connected.
"""

from interfaces import IAttester
from interfaces import IInputOracle
from interfaces import IMailbox

implements: IInputOracle

event OutputProven:
    chainid: uint256
    remoteIdentifier: bytes32
    application: bytes32
    payloadHash: bytes32

MAX_PAYLOADS: constant(uint256) = 16
MAX_PAYLOAD_BYTES: constant(uint256) = 1320
HEADER_BYTES: constant(uint256) = 34
MAX_BODY_BYTES: constant(uint256) = 21_186
PROOF_BYTES: constant(uint256) = 128
MAX_PROOFS: constant(uint256) = 8

MAILBOX: public(immutable(address))
SECURITY_MODULE: immutable(address)

# chain id -> oracle there -> application there -> payload hash
attestations: HashMap[uint256, HashMap[bytes32, HashMap[bytes32, HashMap[bytes32, bool]]]]


@deploy
def __init__(mailbox: address, security_module: address):
    if not mailbox.is_contract or not security_module.is_contract:
        raw_revert(method_id("CodeSize0()"))
    MAILBOX = mailbox
    SECURITY_MODULE = security_module


@external
@view
def interchainSecurityModule() -> address:
    """@notice The module that must have verified a message before the Mailbox hands it over."""
    return SECURITY_MODULE


@external
@payable
@nonreentrant
def submit(
    destinationDomain: uint32,
    recipientOracle: address,
    source: address,
    payloads: DynArray[Bytes[MAX_PAYLOAD_BYTES], MAX_PAYLOADS],
) -> bytes32:
    """
    @notice Dispatch what `source` attests, for outputs that name this oracle; anybody may pay for it.
    @param recipientOracle The oracle on the origin chain that the signed orders name.
    @return The Hyperlane message id.
    """
    if len(payloads) == 0 or not staticcall IAttester(source).hasAttested(payloads):
        raw_revert(method_id("NotAllPayloadsValid()"))
    return extcall IMailbox(MAILBOX).dispatch(
        destinationDomain, convert(recipientOracle, bytes32), self._body(source, payloads), value=msg.value
    )


@external
@view
def quote(
    destinationDomain: uint32,
    recipientOracle: address,
    source: address,
    payloads: DynArray[Bytes[MAX_PAYLOAD_BYTES], MAX_PAYLOADS],
) -> uint256:
    """@notice Wei to send along with `submit`."""
    return staticcall IMailbox(MAILBOX).quoteDispatch(
        destinationDomain, convert(recipientOracle, bytes32), self._body(source, payloads)
    )


@external
def handle(origin: uint32, sender: bytes32, body: Bytes[MAX_BODY_BYTES]):
    """@notice Store the payload hashes of a verified message under its domain, its sender and its application."""
    if msg.sender != MAILBOX:
        raw_revert(method_id("NotMailbox()"))
    if len(body) < HEADER_BYTES:
        raw_revert(method_id("MalformedMessage()"))
    chain_id: uint256 = convert(origin, uint256)
    application: bytes32 = convert(slice(body, 0, 32), bytes32)
    count: uint256 = convert(slice(body, 32, 2), uint256)
    position: uint256 = HEADER_BYTES
    for i: uint256 in range(count, bound=MAX_PAYLOADS):
        size: uint256 = convert(slice(body, position, 2), uint256)
        payload_hash: bytes32 = keccak256(slice(body, position + 2, size))
        position += 2 + size
        self.attestations[chain_id][sender][application][payload_hash] = True
        log OutputProven(
            chainid=chain_id, remoteIdentifier=sender, application=application, payloadHash=payload_hash
        )
    if position != len(body):
        raw_revert(method_id("MalformedMessage()"))


@external
@view
def isProven(remoteChainId: uint256, remoteOracle: bytes32, application: bytes32, dataHash: bytes32) -> bool:
    """@notice Whether a payload with this hash arrived from that oracle, attested by that application."""
    return self.attestations[remoteChainId][remoteOracle][application][dataHash]


@external
@view
def efficientRequireProven(proofSeries: Bytes[PROOF_BYTES * MAX_PROOFS]):
    """@notice Revert unless every (chain id, oracle, application, payload hash) in the series arrived."""
    if len(proofSeries) % PROOF_BYTES != 0:
        raw_revert(
            abi_encode(len(proofSeries), PROOF_BYTES, method_id=method_id("NotDivisible(uint256,uint256)"))
        )
    for i: uint256 in range(len(proofSeries) // PROOF_BYTES, bound=MAX_PROOFS):
        chain_id: uint256 = convert(convert(slice(proofSeries, i * PROOF_BYTES, 32), bytes32), uint256)
        oracle: bytes32 = convert(slice(proofSeries, i * PROOF_BYTES + 32, 32), bytes32)
        application: bytes32 = convert(slice(proofSeries, i * PROOF_BYTES + 64, 32), bytes32)
        payload_hash: bytes32 = convert(slice(proofSeries, i * PROOF_BYTES + 96, 32), bytes32)
        if not self.attestations[chain_id][oracle][application][payload_hash]:
            raw_revert(method_id("NotProven()"))


@internal
@pure
def _body(source: address, payloads: DynArray[Bytes[MAX_PAYLOAD_BYTES], MAX_PAYLOADS]) -> Bytes[MAX_BODY_BYTES]:
    body: Bytes[MAX_BODY_BYTES] = concat(
        convert(source, bytes32), convert(convert(len(payloads), uint16), bytes2)
    )
    for i: uint256 in range(len(payloads), bound=MAX_PAYLOADS):
        size: bytes2 = convert(convert(len(payloads[i]), uint16), bytes2)
        body = convert(concat(body, size, payloads[i]), Bytes[MAX_BODY_BYTES])
    return body
