"""How much of a choice a wallet could send: all it holds there, of a chain's own coin less what opening costs."""

from intents.amounts import format_units
from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.errors import WaymeetError

from .assets import ANY, asset_named, assets
from .balances import balance_of
from .solving import own_open_wei


def spendable(user: str, source: str) -> str | None:
    """Decimal text of what can be sent of a choice such as alder:USDC or any:USDC; None when it is not known.

    From any chain it is what is known to be there.
    """
    place, _, name = source.partition(":")
    try:
        if place == ANY:
            asset = asset_named(name)
            return format_units(balance_of(user, asset).total, asset.decimals)
        chain = registry.chain_by_slug(place)
        token = chain.token(name)
        own = next((each for each in assets() if each.asset_id == token.canonical_id), None)
        held = balance_of(user, own).balances if own else ()
        amount = next((each.amount for each in held if each.chain_id == chain.chain_id), None)
        if amount is None:
            return None
        kept = own_open_wei(chain) if token.address == ZERO_ADDRESS else 0
        return format_units(max(amount - kept, 0), token.decimals)
    except WaymeetError:
        return None
