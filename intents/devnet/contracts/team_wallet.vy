# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title A contract account of two owners that must both sign, as Safe's accounts are, for tests of ERC-1271
@notice Calls of its own need both owners too: one proposes the very call, the other makes it happen.
"""

IS_VALID: constant(bytes4) = 0x1626ba7e
NOT_VALID: constant(bytes4) = 0xffffffff

FIRST: immutable(address)
SECOND: immutable(address)
# Hash of a call -> the owner who proposed it.
proposer: public(HashMap[bytes32, address])


@deploy
def __init__(first: address, second: address):
    FIRST = first
    SECOND = second


@external
@payable
def __default__():
    """@notice Takes coins."""
    pass


@external
def propose(target: address, amount: uint256, data: Bytes[4096]):
    """@notice An owner wants this very call made."""
    assert msg.sender in [FIRST, SECOND]
    self.proposer[keccak256(abi_encode(target, amount, data))] = msg.sender


@external
def execute(target: address, amount: uint256, data: Bytes[4096]):
    """@notice The other owner makes a proposed call."""
    assert msg.sender in [FIRST, SECOND]
    key: bytes32 = keccak256(abi_encode(target, amount, data))
    assert self.proposer[key] not in [empty(address), msg.sender]
    self.proposer[key] = empty(address)
    raw_call(target, data, value=amount)


@external
@view
def isValidSignature(hash: bytes32, signature: Bytes[130]) -> bytes4:
    """@notice ERC-1271: both owners' signatures, the first owner's first."""
    if len(signature) != 130:
        return NOT_VALID
    if self._signer(hash, slice(signature, 0, 65)) != FIRST:
        return NOT_VALID
    if self._signer(hash, slice(signature, 65, 65)) != SECOND:
        return NOT_VALID
    return IS_VALID


@internal
@pure
def _signer(hash: bytes32, signature: Bytes[65]) -> address:
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    r: uint256 = convert(extract32(signature, 0), uint256)
    s: uint256 = convert(extract32(signature, 32), uint256)
    return ecrecover(hash, v, r, s)
