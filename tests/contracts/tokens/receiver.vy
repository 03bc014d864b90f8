# pragma version 0.4.3
# @license MIT
"""
@title A contract that receives: it may refuse or burn native coins, answer callbacks, call back, and sign
"""

refuses_native: public(bool)
burns_gas: public(bool)
refuses_callback: public(bool)
calls: public(uint256)
token: public(bytes32)
amount: public(uint256)
data: public(Bytes[1024])
target: address
call_data: Bytes[8192]
did_call_succeed: public(bool)
signer: public(address)


@external
@payable
def __default__():
    assert not self.refuses_native
    burned: uint256 = 0
    if self.burns_gas:
        for i: uint256 in range(10_000_000):
            burned += 1
    if self.target != empty(address):
        self.did_call_succeed = raw_call(self.target, self.call_data, revert_on_failure=False)


@external
def configure(refuses_native: bool, burns_gas: bool, refuses_callback: bool):
    self.refuses_native = refuses_native
    self.burns_gas = burns_gas
    self.refuses_callback = refuses_callback


@external
def call_back(target: address, data: Bytes[8192]):
    """@notice Make this call whenever something is received."""
    self.target = target
    self.call_data = data


@external
def act(target: address, data: Bytes[8192]):
    """@notice Make a call now, as this contract."""
    raw_call(target, data)


@external
def sign_for(signer: address):
    """@notice Accept the signatures of `signer` as this contract's own (ERC-1271)."""
    self.signer = signer


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes4:
    if len(signature) != 65 or self.signer == empty(address):
        return empty(bytes4)
    r: uint256 = convert(slice(signature, 0, 32), uint256)
    s: uint256 = convert(slice(signature, 32, 32), uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    if ecrecover(digest, v, r, s) != self.signer:
        return empty(bytes4)
    return 0x1626ba7e


@external
def outputFilled(token: bytes32, amount: uint256, data: Bytes[1024]):
    assert not self.refuses_callback
    self.calls += 1
    self.token = token
    self.amount = amount
    self.data = data
    if self.target != empty(address):
        self.did_call_succeed = raw_call(self.target, self.call_data, revert_on_failure=False)
