# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
# @license MIT
"""
@title The caller's own tokens over one Hyperlane warp route, to the caller's own address on another chain
@notice A solver account may list this as a venue although the route's router is a token itself: whoever calls,
        nothing can be sent to anybody else. Holds nothing between calls and has no owner.
@dev Only for accounts with one address on every chain of the route.
"""

from ethereum.ercs import IERC20

interface ITokenRouter:
    def transferRemote(destination: uint32, recipient: bytes32, amount: uint256) -> bytes32: payable

TOKEN: public(immutable(address))
ROUTER: public(immutable(address))


@deploy
def __init__(_token: address, _router: address):
    # The two are one contract where the route ends in a synthetic token.
    TOKEN = _token
    ROUTER = _router


@external
@payable
@nonreentrant
def send(destination: uint32, amount: uint256):
    """
    @notice Take `amount` base units of the token from the caller and dispatch them to the same address on another
            chain; the value is the message's fee.
    @param destination Hyperlane domain of the other chain.
    """
    before: uint256 = staticcall IERC20(TOKEN).balanceOf(self)
    if not extcall IERC20(TOKEN).transferFrom(msg.sender, self, amount, default_return_value=True):
        raw_revert(method_id("TransferFailed()"))
    if staticcall IERC20(TOKEN).balanceOf(self) - before != amount:
        raw_revert(method_id("TransferFailed()"))
    if ROUTER != TOKEN:
        if not extcall IERC20(TOKEN).approve(ROUTER, amount, default_return_value=True):
            raw_revert(method_id("ApproveFailed()"))
    recipient: bytes32 = convert(msg.sender, bytes32)
    extcall ITokenRouter(ROUTER).transferRemote(destination, recipient, amount, value=msg.value)
