"""A transfer from `any:USDC`: the server picks the chain that pays; this machine checks what it picked."""

from dataclasses import replace

from intents.amounts import format_units

from .api import JsonObject, Network, WaymeetClient
from .asked import Asked, signer
from .signing import RefusedToSign, Say

PREFIX = "any:"


def is_from_anywhere(asked: Asked) -> bool:
    """Whether the source names an asset and no chain."""
    return asked.source.lower().startswith(PREFIX)


def settled(asked: Asked, network: Network, *, client: WaymeetClient, say: Say) -> tuple[Asked, JsonObject]:
    """The transfer with the chain that pays, and the offer from there. Raises what `run` raises."""
    asset = asked.source[len(PREFIX) :]
    chain, _, token = asked.target.partition(":")
    say(f"asking for {asked.amount} {asset} from any chain")
    quote = client.quote(
        origin="any",
        destination=chain,
        input_token=asset,
        output_token=token,
        amount=asked.amount,
        exact=asked.exact,
        user=signer(asked, network)[0],
        recipient=asked.to,
        confirm=asked.confirm,
        can_batch="1" if asked.confirm == "batch" else "",
        app=asked.app,
        gas_on_arrival=asked.gas,
    )
    for line in choice_lines(quote, network):
        say(line)
    given = quote["input"]
    origin = network.chain(str(given["chain_id"]))
    picked = origin.token(str(given["token"]))
    if asset.lower() not in (picked.symbol.lower(), picked.canonical_id.lower()):
        raise RefusedToSign("inputs[0].token", expected=asset, got=picked.symbol)
    return replace(asked, source=f"{origin.slug}:{picked.address}"), quote


def choice_lines(quote: JsonObject, network: Network) -> list[str]:
    """Which chain pays, and what every other one would have done."""
    told = quote["anywhere"]
    names = {chain.chain_id: chain.name for chain in network.chains}
    output = quote["output"]
    lines = []
    for place in told["places"]:
        name = names.get(place["chain_id"], str(place["chain_id"]))
        if place["chain_id"] == told["chosen"]:
            lines.append(f"from {name} ({told['why']})")
        elif place["code"]:
            lines.append(f"not from {name}: {place['code']}")
        else:
            amount = format_units(int(place["output_expected"]), output["decimals"])
            lines.append(f"from {name} it would be {amount} {output['symbol']} in {place['eta_seconds']} s")
    return lines
