# pragma version 0.4.3
# @license MIT
"""
@title What an output's context asks of its filler: the order types of the Open Intents Framework (5323b1bf1d10)
@notice Nothing or 0x00: the amount itself. 0x01: the amount plus what a falling auction still adds. 0xe0 and 0xe1:
        the same two, for one solver only until a start time.
"""

LIMIT: constant(uint256) = 0
AUCTION: constant(uint256) = 1
EXCLUSIVE_LIMIT: constant(uint256) = 224
EXCLUSIVE_AUCTION: constant(uint256) = 225


@internal
@view
def amount_due(amount: uint256, context: Bytes[128], solver: bytes32) -> uint256:
    kind: uint256 = convert(slice(context, 0, 1), uint256)
    if kind == LIMIT:
        self._check_length(len(context), 1)
        return amount
    if kind == AUCTION:
        self._check_length(len(context), 41)
        return self._auction(
            amount, self._seconds(context, 1), self._seconds(context, 5), convert(slice(context, 9, 32), uint256)
        )
    if kind == EXCLUSIVE_LIMIT:
        self._check_length(len(context), 37)
        self._check_solver(context, solver)
        return amount
    if kind == EXCLUSIVE_AUCTION:
        self._check_length(len(context), 73)
        self._check_solver(context, solver)
        return self._auction(
            amount, self._seconds(context, 33), self._seconds(context, 37), convert(slice(context, 41, 32), uint256)
        )
    raw_revert(method_id("NotImplemented()"))


@internal
@pure
def _check_length(actual: uint256, expected: uint256):
    if actual != expected:
        raw_revert(method_id("InvalidContextDataLength()"))


@internal
@pure
def _seconds(context: Bytes[128], position: uint256) -> uint256:
    return convert(slice(context, position, 4), uint256)


@internal
@view
def _check_solver(context: Bytes[128], solver: bytes32):
    exclusive: bytes32 = convert(slice(context, 1, 32), bytes32)
    if self._seconds(context, 33) > block.timestamp and exclusive != solver:
        raw_revert(abi_encode(exclusive, method_id=method_id("ExclusiveTo(bytes32)")))


@internal
@view
def _auction(least: uint256, start: uint256, stop: uint256, slope: uint256) -> uint256:
    now: uint256 = max(block.timestamp, start)
    if stop < now:
        return least
    return least + slope * (stop - now)
