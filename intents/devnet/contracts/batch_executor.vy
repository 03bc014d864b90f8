# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title What the demo wallet's account delegates to (EIP-7702): several calls in one transaction, all or none
@notice Runs as the account itself. Only the account's own key may act; it also answers ERC-1271 for that key.
"""

struct Call:
    to: address
    value: uint256
    data: Bytes[4096]

MAX_CALLS: constant(uint256) = 4
IS_VALID: constant(bytes4) = 0x1626ba7e
NOT_VALID: constant(bytes4) = 0xffffffff


@external
@payable
def __default__():
    """@notice The account takes coins as before it delegated."""
    pass


@external
@payable
def execute(calls: DynArray[Call, MAX_CALLS]):
    """@notice Make all calls in their order; a failing one undoes the others."""
    assert msg.sender == self
    for each: Call in calls:
        raw_call(each.to, each.data, value=each.value)


@external
@view
def isValidSignature(hash: bytes32, signature: Bytes[65]) -> bytes4:
    """@notice ERC-1271: the account's own key signs for it, as without code."""
    if len(signature) != 65:
        return NOT_VALID
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    r: uint256 = convert(extract32(signature, 0), uint256)
    s: uint256 = convert(extract32(signature, 32), uint256)
    if ecrecover(hash, v, r, s) == self:
        return IS_VALID
    return NOT_VALID
