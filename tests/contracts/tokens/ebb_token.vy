# pragma version 0.4.3
# @license MIT
"""
@title An ERC-20 whose balances grow with time, that says little of itself and lets its owner forbid anybody anything
"""

decimals: public(constant(uint8)) = 6
owner: public(address)
born: uint256
shares: HashMap[address, uint256]
is_frozen: HashMap[address, bool]
is_asleep: bool


@deploy
def __init__():
    self.owner = msg.sender
    self.born = block.timestamp


@external
def mint(to: address, amount: uint256):
    self.shares[to] += amount


@external
def freeze(who: address):
    assert msg.sender == self.owner
    self.is_frozen[who] = True


@external
def pause():
    assert msg.sender == self.owner
    self.is_asleep = True


@view
@external
def balanceOf(who: address) -> uint256:
    return self.shares[who] + self.shares[who] * (block.timestamp - self.born) // 31_536_000


@external
def transfer(to: address, amount: uint256) -> bool:
    assert not self.is_asleep and not self.is_frozen[to] and not self.is_frozen[msg.sender]
    self.shares[msg.sender] -= amount
    self.shares[to] += amount
    return True
