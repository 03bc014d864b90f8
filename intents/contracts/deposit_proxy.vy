# pragma version 0.4.3
# @license MIT
"""
@title Where a settler's deposit addresses are: CREATE2 of a minimal proxy (ERC-1167) with the order's id as the salt
"""


@internal
@pure
def code_hash(implementation: address) -> bytes32:
    # What `create_minimal_proxy_to` deploys.
    return keccak256(
        concat(
            x"602d3d8160093d39f3363d3d373d3d3d363d73", convert(implementation, bytes20), x"5af43d82803e903d91602b57fd5bf3"
        )
    )


@internal
@pure
def address_of(settler: address, order_id: bytes32, proxy_code_hash: bytes32) -> address:
    place: bytes32 = keccak256(concat(x"ff", convert(settler, bytes20), order_id, proxy_code_hash))
    return convert(convert(place, uint256) & convert(max_value(uint160), uint256), address)
