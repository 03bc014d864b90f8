"""What only the owner of our account may have it do, as calls; nothing here signs or sends."""

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest


def withdraw(*, token: str, to: str, amount: int, chain: ChainManifest) -> Call:
    """Take `amount` base units of stock out to `to`; token 0 is the chain's coin."""
    data = encode_call("withdraw(address,address,uint256)", (token, to, amount))
    return Call(target=chain.address("solver_account"), data=data)


def set_cap(*, token: str, amount: int, chain: ChainManifest) -> Call:
    """Let operators' acts move at most `amount` base units of a token out in a clock hour."""
    data = encode_call("setCaps(address[],uint256[])", ([token], [amount]))
    return Call(target=chain.address("solver_account"), data=data)


def cap(token: str, *, chain: ChainManifest) -> Call:
    """The view that answers that limit."""
    return Call(target=chain.address("solver_account"), data=encode_call("cap(address)", (token,)))
