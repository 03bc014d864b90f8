# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A demonstration vault (ERC-4626): takes one token and gives shares of all it holds
@notice What is sent here besides deposits makes every share worth more. It has no owner, fees or limits.
@dev Conversions pretend one share and one base unit more than there are, and every rounding favours the vault, so
     that nobody gains by inflating the first share.
@license MIT
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626

implements: IERC20
implements: IERC4626

name: public(String[32])
symbol: public(String[32])
decimals: public(immutable(uint8))
asset: public(immutable(address))

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)

INFINITE: constant(uint256) = max_value(uint256)


@deploy
def __init__(asset_: address, name: String[32], symbol: String[32]):
    asset = asset_
    decimals = staticcall IERC20Detailed(asset_).decimals()
    self.name = name
    self.symbol = symbol


@external
@view
def totalAssets() -> uint256:
    return self._held()


@external
@view
def convertToShares(assets: uint256) -> uint256:
    return self._shares(assets)


@external
@view
def convertToAssets(shares: uint256) -> uint256:
    return self._assets(shares)


@external
@view
def maxDeposit(receiver: address) -> uint256:
    return INFINITE


@external
@view
def previewDeposit(assets: uint256) -> uint256:
    return self._shares(assets)


@external
@view
def maxMint(receiver: address) -> uint256:
    return INFINITE


@external
@view
def previewMint(shares: uint256) -> uint256:
    return self._assets_up(shares)


@external
@view
def maxWithdraw(owner: address) -> uint256:
    return self._assets(self.balanceOf[owner])


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    return self._shares_up(assets)


@external
@view
def maxRedeem(owner: address) -> uint256:
    return self.balanceOf[owner]


@external
@view
def previewRedeem(shares: uint256) -> uint256:
    return self._assets(shares)


@external
@nonreentrant
def deposit(assets: uint256, receiver: address) -> uint256:
    """@notice Take `assets` of the caller and give `receiver` shares of them."""
    shares: uint256 = self._shares(assets)
    self._take(assets, shares, receiver)
    return shares


@external
@nonreentrant
def mint(shares: uint256, receiver: address) -> uint256:
    """@notice Give `receiver` exactly `shares` for as much of the caller's as they are worth."""
    assets: uint256 = self._assets_up(shares)
    self._take(assets, shares, receiver)
    return assets


@external
@nonreentrant
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    """@notice Pay `receiver` exactly `assets` for shares of `owner`, who is or allowed the caller."""
    shares: uint256 = self._shares_up(assets)
    self._pay(assets, shares, receiver, owner)
    return shares


@external
@nonreentrant
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    """@notice Pay `receiver` what `shares` of `owner`, who is or allowed the caller, are worth."""
    assets: uint256 = self._assets(shares)
    self._pay(assets, shares, receiver, owner)
    return assets


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self._spend(owner, amount)
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
@view
def _held() -> uint256:
    return staticcall IERC20(asset).balanceOf(self)


@internal
@view
def _shares(assets: uint256) -> uint256:
    return assets * (self.totalSupply + 1) // (self._held() + 1)


@internal
@view
def _shares_up(assets: uint256) -> uint256:
    held: uint256 = self._held() + 1
    return (assets * (self.totalSupply + 1) + held - 1) // held


@internal
@view
def _assets(shares: uint256) -> uint256:
    return shares * (self._held() + 1) // (self.totalSupply + 1)


@internal
@view
def _assets_up(shares: uint256) -> uint256:
    supply: uint256 = self.totalSupply + 1
    return (shares * (self._held() + 1) + supply - 1) // supply


@internal
def _take(assets: uint256, shares: uint256, receiver: address):
    assert shares != 0, "vault: too little for a share"
    assert receiver != empty(address), "vault: zero address"
    assert extcall IERC20(asset).transferFrom(msg.sender, self, assets, default_return_value=True)
    self.totalSupply += shares
    self.balanceOf[receiver] += shares
    log IERC20.Transfer(sender=empty(address), receiver=receiver, value=shares)
    log IERC4626.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=shares)


@internal
def _pay(assets: uint256, shares: uint256, receiver: address, owner: address):
    self._spend(owner, shares)
    self.balanceOf[owner] -= shares
    self.totalSupply -= shares
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=shares)
    assert extcall IERC20(asset).transfer(receiver, assets, default_return_value=True)
    log IERC4626.Withdraw(sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares)


@internal
def _spend(owner: address, amount: uint256):
    if msg.sender != owner and self.allowance[owner][msg.sender] != INFINITE:
        self.allowance[owner][msg.sender] -= amount


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "vault: zero address"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)
