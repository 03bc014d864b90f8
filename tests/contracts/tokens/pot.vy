# pragma version 0.4.3
# @license MIT
"""
@title A destination of calls: takes tokens or coins for somebody, and can be told to fail in the ways targets do
"""

from ethereum.ercs import IERC20

credit: public(HashMap[address, HashMap[address, uint256]])
calls: public(uint256)
did_errand_succeed: public(bool)
gas_left: public(uint256)
target: address
errand: Bytes[8192]


@external
@payable
def __default__():
    pass


@external
def run_errand(target: address, data: Bytes[8192]):
    """@notice Make this call during every call that follows."""
    self.target = target
    self.errand = data


@external
@payable
def put(token: address, amount: uint256, owner: address):
    """@notice Take `amount` of the caller's token, or all coins sent along, for `owner`."""
    self.gas_left = msg.gas
    self.calls += 1
    if self.target != empty(address):
        self.did_errand_succeed = raw_call(self.target, self.errand, revert_on_failure=False)
    if token == empty(address):
        self.credit[token][owner] += msg.value
        return
    self.credit[token][owner] += amount
    extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)


@external
@payable
def give_back(token: address, amount: uint256, value_wei: uint256):
    """@notice Take `amount` of the caller's token and give the caller coins."""
    if amount != 0:
        extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)
    raw_call(msg.sender, b"", value=value_wei)


@external
@payable
def refuse():
    raise "the pot is closed"


@external
def burn():
    """@notice Use up all gas."""
    while_burning: uint256 = 0
    for i: uint256 in range(100_000_000):
        while_burning += 1


@external
def take_and_refuse(token: address, amount: uint256):
    extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)
    raise "changed its mind"
