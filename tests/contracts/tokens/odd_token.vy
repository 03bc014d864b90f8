# pragma version 0.4.3
# @license MIT
"""
@title An ERC-20 that can be told to misbehave in the ways tokens do
"""

decimals: public(constant(uint8)) = 18
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# Taken from every transfer, in basis points of it.
fee_bps: public(uint256)
# What transfer, transferFrom and approve return: an encoded bool, or nothing.
answer: public(Bytes[32])
is_refused: public(HashMap[address, bool])
does_burn_gas: public(bool)
hook_target: public(address)
hook_data: public(Bytes[8192])
hook_calls: public(uint256)
did_hook_succeed: public(bool)


@deploy
def __init__():
    self.answer = abi_encode(True)


@external
@payable
def __default__():
    """@notice Swallow calls it does not know, as the first WETH does."""
    pass


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def set_fee(bps: uint256):
    self.fee_bps = bps


@external
def set_answer(answer: Bytes[32]):
    self.answer = answer


@external
def refuse(payee: address, refused: bool):
    self.is_refused[payee] = refused


@external
def burn_gas(burns: bool):
    self.does_burn_gas = burns


@external
def set_hook(target: address, data: Bytes[8192]):
    """@notice Call `target` during every transfer, as a token with hooks lets the parties do."""
    self.hook_target = target
    self.hook_data = data


@external
@raw_return
def approve(spender: address, amount: uint256) -> Bytes[32]:
    # Like USDT: from one allowance to another only through zero.
    assert amount == 0 or self.allowance[msg.sender][spender] == 0
    self.allowance[msg.sender][spender] = amount
    return self.answer


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[32]:
    self._move(msg.sender, to, amount)
    return self.answer


@external
@raw_return
def transferFrom(sender: address, to: address, amount: uint256) -> Bytes[32]:
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, to, amount)
    return self.answer


@internal
def _move(sender: address, to: address, amount: uint256):
    assert not self.is_refused[to]
    while_burning: uint256 = 0
    if self.does_burn_gas:
        for i: uint256 in range(10_000_000):
            while_burning += 1
    if self.hook_target != empty(address):
        self.hook_calls += 1
        self.did_hook_succeed = raw_call(self.hook_target, self.hook_data, revert_on_failure=False)
    # An encoded `false` moves nothing.
    if len(self.answer) == 32 and convert(self.answer, uint256) == 0:
        return
    self.balanceOf[sender] -= amount
    self.balanceOf[to] += amount - amount * self.fee_bps // 10_000
