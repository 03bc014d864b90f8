# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A local ERC-20 with EIP-2612 permits and any number of decimals
@license MIT
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

implements: IERC20
implements: IERC20Detailed

name: public(String[32])
symbol: public(String[32])
decimals: public(immutable(uint8))
minter: public(immutable(address))

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)
nonces: public(HashMap[address, uint256])

VERSION: constant(String[1]) = "1"
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
HALF_CURVE_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
INFINITE: constant(uint256) = max_value(uint256)


@deploy
def __init__(name: String[32], symbol: String[32], decimals_: uint8, minter_: address):
    self.name = name
    self.symbol = symbol
    decimals = decimals_
    minter = minter_


@external
@view
def version() -> String[1]:
    return VERSION


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return self._domain()


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    if self.allowance[owner][msg.sender] != INFINITE:
        self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self._allow(msg.sender, spender, amount)
    return True


@external
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    assert block.timestamp <= deadline, "permit: expired"
    assert convert(s, uint256) <= HALF_CURVE_ORDER, "permit: malleable"
    nonce: uint256 = self.nonces[owner]
    self.nonces[owner] = nonce + 1
    digest: bytes32 = keccak256(
        concat(
            x"1901",
            self._domain(),
            keccak256(abi_encode(PERMIT_TYPE, owner, spender, amount, nonce, deadline)),
        )
    )
    assert owner != empty(address) and ecrecover(digest, v, r, s) == owner, "permit: wrong signer"
    self._allow(owner, spender, amount)


@external
def mint(to: address, amount: uint256) -> bool:
    assert msg.sender == minter, "mint: not the minter"
    assert to != empty(address), "mint: zero address"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=empty(address), receiver=to, value=amount)
    return True


@internal
@view
def _domain() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(self.name), keccak256(VERSION), chain.id, self)
    )


@internal
def _allow(owner: address, spender: address, amount: uint256):
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "transfer: zero address"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)
