"""Hyperlane warp routes: how our account sends stock over one, and how the message is told from others."""

from intents.chains.bridge import BridgeManifest
from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest
from intents.settlement import proofs
from intents.settlement.calls import VenueSwap
from intents.settlement.order import address_to_bytes32


def fee_of(end: BridgeManifest, destination: ChainManifest) -> Call:
    """The view that answers what a message to the destination costs, in wei."""
    return Call(target=end.router, data=encode_call("quoteGasPayment(uint32)", [destination.domain]))


def departure(end: BridgeManifest, destination: ChainManifest, *, amount: int, fee_wei: int) -> VenueSwap:
    """The call by which our account sends `amount` base units to itself on the destination."""
    data = encode_call("send(uint32,uint256)", [destination.domain, amount])
    return VenueSwap(venue=end.gate, token_in=end.token, max_input=amount, value_wei=fee_wei, data=data)


def is_departure(
    message: bytes, *, source: BridgeManifest, destination: ChainManifest, arriving: BridgeManifest
) -> bool:
    """Whether an encoded message was sent by this end of the route to the other one."""
    try:
        parsed = proofs.parse_message(message)
    except proofs.MessageMalformed:
        return False
    return (
        parsed.sender == address_to_bytes32(source.router)
        and parsed.destination == destination.domain
        and parsed.recipient == address_to_bytes32(arriving.router)
    )
