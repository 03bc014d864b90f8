"""Links to the form, filled with a transfer that was, once more or back, or with a chain where it shall arrive."""

from dataclasses import dataclass
from urllib.parse import urlencode

from intents.amounts import format_units
from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.models import Order
from intents.services.assets import Asset, assets

from .choices import held_back
from .network import connected_chains, token_name


@dataclass(frozen=True, slots=True)
class Again:
    """Addresses of the form; "" where its chains or tokens are not connected any more, or it makes no sense."""

    same: str
    back: str


def again(order: Order) -> Again:
    """The same amount to the same recipient; or back what arrived, where it arrived at the sender's own account."""
    given = _end(order.origin_id, order.input_token)
    got = _end(order.destination_id, order.output_token)
    if not given or not got:
        return Again("", "")
    is_own = order.recipient == order.user
    same = {
        "from": given,
        "to": got,
        "amount": _amount(order.origin_id, order.input_token, order.input_amount),
    }
    if not is_own:
        same["recipient"] = order.recipient
    back = ""
    if is_own and order.delivered_amount is not None:
        amount = _amount(order.destination_id, order.output_token, order.delivered_amount)
        back = f"/?{urlencode({'from': got, 'to': given, 'amount': amount}, safe=':')}"
    return Again(f"/?{urlencode(same, safe=':')}", back)


def sending_to(manifest: ChainManifest) -> str:
    """The form with something that this chain and others have, paid from any of them; "" while nothing may begin."""
    held = held_back()
    for asset in sorted(assets(), key=_is_only_with_gas):
        token, others = asset.tokens.get(manifest.chain_id), asset.tokens.keys() - {manifest.chain_id}
        value = f"{manifest.slug}:{token.symbol}" if token else ""
        if not value or not others or value in held:
            continue
        first = min(others)
        alone = f"{registry.chain(first).slug}:{asset.tokens[first].symbol}"
        fields = {"from": asset.value if len(others) > 1 else alone, "to": value, "amount": ""}
        return f"/?{urlencode(fields, safe=':')}"
    return ""


def _is_only_with_gas(asset: Asset) -> bool:
    """Whether nobody can send it by a mere signature."""
    return all(token.eip3009 == "none" for token in asset.tokens.values())


def _end(chain_id: int, token: str) -> str:
    chain, name = connected_chains().get(chain_id), token_name(chain_id, token)
    return f"{chain.slug}:{name.symbol}" if chain and name.is_known else ""


def _amount(chain_id: int, token: str, units: int) -> str:
    return format_units(units, token_name(chain_id, token).decimals)
