# pragma version 0.4.3
# @license MIT
"""
@title An ERC-20 whose balances change by a call: by one that is known of such tokens, and by one that nobody knows
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Printed:
    receiver: address
    value: uint256

UNIT: constant(uint256) = 10**9
name: public(constant(String[8])) = "Tide"
symbol: public(constant(String[8])) = "TIDE"
decimals: public(constant(uint8)) = 6
# The only one who may call `rebase`; zero is nobody.
monetaryPolicy: public(immutable(address))
shares: HashMap[address, uint256]
total: uint256
index: uint256


@deploy
def __init__(policy: address):
    monetaryPolicy = policy
    self.index = UNIT


@external
def mint(to: address, amount: uint256):
    """@notice Without a Transfer, as old tokens do it."""
    self.total += amount * UNIT // self.index
    self.shares[to] += amount * UNIT // self.index
    log Printed(receiver=to, value=amount)


@external
def rebase(epoch: uint256, supply_delta: int256) -> uint256:
    assert msg.sender == monetaryPolicy
    self.index += self.index * convert(supply_delta, uint256) // self._supply()
    return self._supply()


@external
def high_water(per_mille: uint256):
    self.index += self.index * per_mille // 1000


@view
@external
def totalSupply() -> uint256:
    return self._supply()


@view
@external
def balanceOf(who: address) -> uint256:
    return self.shares[who] * self.index // UNIT


@external
def transfer(to: address, amount: uint256) -> bool:
    moved: uint256 = amount * UNIT // self.index
    self.shares[msg.sender] -= moved
    self.shares[to] += moved
    log Transfer(sender=msg.sender, receiver=to, value=amount)
    return True


@view
@internal
def _supply() -> uint256:
    return self.total * self.index // UNIT
