# pragma version 0.4.3
# @license MIT
"""
@title How much of each token left a solver account in the current clock hour, and how much may
"""

from ethereum.ercs import IERC20

HOUR: constant(uint256) = 3600
NATIVE: constant(address) = empty(address)

# token -> base units that may leave per hour; token 0 is native
cap: public(HashMap[address, uint256])
# hour << 192 | base units that left in it
outflow_window: HashMap[address, uint256]


@external
@view
def outflow(token: address) -> uint256:
    """@notice Base units of `token` that left in the current hour."""
    return self._outflow(token)


@internal
def count(token: address, before: uint256):
    # Adds what left since `before` to the hour's outflow.
    after: uint256 = self.balance_of(token)
    if after >= before:
        return
    hour: uint256 = block.timestamp // HOUR
    spent: uint256 = self._outflow(token) + before - after
    if spent > self.cap[token] or spent >> 192 != 0:
        raw_revert(abi_encode(token, spent, method_id=method_id("OutflowCapExceeded(address,uint256)")))
    self.outflow_window[token] = (hour << 192) | spent


@internal
@view
def _outflow(token: address) -> uint256:
    window: uint256 = self.outflow_window[token]
    if window >> 192 != block.timestamp // HOUR:
        return 0
    return window & (2**192 - 1)


@internal
@view
def balance_of(token: address) -> uint256:
    if token == NATIVE:
        return self.balance
    return staticcall IERC20(token).balanceOf(self)
