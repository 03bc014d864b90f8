# pragma version 0.4.3
# A resolver that answers for every name below the one it is set for (ENSIP-10).

owner: immutable(address)


@deploy
def __init__(_owner: address):
    owner = _owner


@external
@view
def supportsInterface(kind: bytes4) -> bool:
    return kind == 0x9061b923


@external
@view
def resolve(name: Bytes[256], data: Bytes[256]) -> Bytes[32]:
    return abi_encode(owner)
