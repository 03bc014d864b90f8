# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A local token whose transfer, transferFrom and approve return nothing
@notice Approving anew needs the old allowance at zero or the new one at zero, as the oldest such token does.
@license MIT
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

name: public(String[32])
symbol: public(String[32])
decimals: public(immutable(uint8))
minter: public(immutable(address))

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)

INFINITE: constant(uint256) = max_value(uint256)


@deploy
def __init__(name: String[32], symbol: String[32], decimals_: uint8, minter_: address):
    self.name = name
    self.symbol = symbol
    decimals = decimals_
    minter = minter_


@external
def transfer(to: address, amount: uint256):
    self._move(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256):
    if self.allowance[owner][msg.sender] != INFINITE:
        self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)


@external
def approve(spender: address, amount: uint256):
    assert amount == 0 or self.allowance[msg.sender][spender] == 0, "approve: allowance not zero"
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)


@external
def mint(to: address, amount: uint256):
    assert msg.sender == minter, "mint: not the minter"
    assert to != empty(address), "mint: zero address"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "transfer: zero address"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, value=amount)
