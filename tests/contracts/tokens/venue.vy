# pragma version 0.4.3
# @license MIT
"""
@title A trading place with a fixed price, which may take less than allowed or run somebody else's errand meanwhile
"""

from ethereum.ercs import IERC20

target: address
errand: Bytes[8192]


@external
@payable
def __default__():
    pass


@external
def run_errand(target: address, data: Bytes[8192]):
    """@notice Make this call during every trade."""
    self.target = target
    self.errand = data


@external
@payable
def trade(token_in: address, amount_in: uint256, token_out: address, amount_out: uint256):
    """@notice Take `amount_in` and give `amount_out`; token 0 is the native coin."""
    if self.target != empty(address):
        raw_call(self.target, self.errand)
    if token_in != empty(address) and amount_in != 0:
        extcall IERC20(token_in).transferFrom(msg.sender, self, amount_in, default_return_value=True)
    if token_out == empty(address):
        raw_call(msg.sender, b"", value=amount_out)
    elif amount_out != 0:
        extcall IERC20(token_out).transfer(msg.sender, amount_out, default_return_value=True)
