"""One transfer over the HTTP API: quote, check, sign, submit, follow, and read the result from the chain."""

import time
from dataclasses import dataclass
from typing import Any

from eth_utils import is_address, to_checksum_address

from intents.amounts import AmountError, format_units, parse_units
from intents.settlement.order import StandardOrder

from .anywhere import is_from_anywhere, settled
from .api import App, ChainInfo, JsonObject, Network, Submitted, Token, UnknownName, WaymeetClient
from .arrival import gas_besides, taken_by_app
from .asked import DEMO_KEY, Asked, CannotStart, signer
from .chain_reader import NATIVE, ChainReader, ChainUnreachable
from .confirming import confirmed
from .signing import RefusedToSign, Say, Wish, checked_order
from .trust import Trust

__all__ = ["DEMO_KEY", "Asked", "CannotStart", "Outcome", "run", "understood"]

NATIVE_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended; amounts in base units, None where the chain could not be read."""

    state: str
    is_delivered: bool
    order_id: str
    received: int | None
    minimum: int
    seconds: float

    @property
    def is_success(self) -> bool:
        """Delivered, and the chain does not say less than was signed."""
        return self.is_delivered and (self.received is None or self.received >= self.minimum)


def run(asked: Asked, *, client: WaymeetClient, say: Say, trust: Trust | None) -> Outcome:
    """Carry out a transfer; without `trust` the server's contracts are believed.

    Raises `CannotStart`, `ApiError`, `ApiUnreachable`, `ServerNotTrusted` or `RefusedToSign`.
    """
    network, quote = client.network(), None
    if is_from_anywhere(asked):
        asked, quote = settled(asked, network, client=client, say=say)
    wish, key = understood(asked, network)
    for line in trust_lines(wish, trust):
        say(line)
    if quote is None:
        say(f"asking for {asked.amount} {wish.input_token.symbol} on {wish.origin.name}")
        quote = client.quote(**intent_fields(asked, wish))
    order = checked_order(wish, quote)
    check_way(asked, wish, way=quote["confirm_way"], trust=trust)
    for line in (*quote_lines(quote), *arrival_lines(wish, order)):
        say(line)
    reader = destination_reader(wish)
    before = balance(reader, wish)
    started = time.monotonic()
    submitted = confirmed(wish, order, quote=quote, key=key, client=client, say=say)
    say(f"submitted {submitted.order_id}")
    say(f"follow it at {client.base_url}{submitted.url}")
    fill_tx = follow(client, submitted, network=network, started=started, say=say)
    final = client.order(submitted)
    received = received_by(reader, wish, fill_tx) if final["is_delivered"] else None
    if wish.app is not None and final["is_delivered"]:
        received = _told_of_app(wish, reader, fill_tx, say=say) or received
    after = balance(reader, wish)
    change = None if before is None or after is None else after - before
    return Outcome(
        state=final["state"],
        is_delivered=bool(final["is_delivered"]),
        order_id=submitted.order_id,
        received=change if received is None else received,
        minimum=int(final["output"]["minimum"]),
        seconds=time.monotonic() - started,
    )


def understood(asked: Asked, network: Network) -> tuple[Wish, str]:
    """The typed words as chains, tokens and base units, with the key that signs; raises `CannotStart`."""
    try:
        origin, input_token = _place(network, asked.source)
        destination, output_token = _place(network, asked.target)
    except UnknownName as error:
        raise CannotStart(error.code, str(error)) from error
    user, key = signer(asked, network)
    if asked.to and not is_address(asked.to):
        raise CannotStart("recipient_malformed", f"{asked.to} is not an address")
    is_input = asked.exact == "input"
    try:
        fixed = parse_units(asked.amount, (input_token if is_input else output_token).decimals)
    except AmountError as error:
        raise CannotStart(error.code, str(error)) from error
    wish = Wish(
        user=user,
        recipient=to_checksum_address(asked.to) if asked.to else user,
        origin=origin,
        destination=destination,
        input_token=input_token,
        output_token=output_token,
        input_amount=fixed if is_input else None,
        output_amount=None if is_input else fixed,
        app=_app(destination, asked.app, output_token) if asked.app else None,
        gas_on_arrival=asked.gas,
    )
    return wish, key


def trust_lines(wish: Wish, trust: Trust | None) -> list[str]:
    """What to look at before signing; raises `ServerNotTrusted` when a contract is not the known one."""
    chains = (wish.origin, wish.destination)
    if trust is None:
        return [
            f"{chain.name}: taken from the server, unchecked: {_addresses(chain.contracts)}"
            for chain in chains
        ]
    trust.check(wish.origin)
    trust.check(wish.destination, is_called=wish.app is not None)
    return [
        f"{chain.name} is not as this client knows it; check these: "
        f"hyperlane_oracle {chain.contracts.get('hyperlane_oracle')}, {token.symbol} {token.address}"
        for chain, token in zip(chains, (wish.input_token, wish.output_token), strict=True)
        if not trust.is_listed(chain)
    ]


def check_way(asked: Asked, wish: Wish, *, way: str, trust: Trust | None) -> None:
    """The server does not choose what the key is used for: a batch lends the account to foreign code.

    Raises `RefusedToSign` for another way than asked, `ServerNotTrusted` for code nobody here knows.
    """
    if way != asked.confirm and (asked.confirm != "auto" or way == "batch"):
        raise RefusedToSign("confirm_way", expected=asked.confirm, got=way)
    if way == "batch" and trust is not None:
        trust.check_delegate(wish.origin)


def intent_fields(asked: Asked, wish: Wish) -> dict[str, str]:
    """The body of `POST /api/v1/quotes`."""
    return {
        "origin": wish.origin.slug,
        "destination": wish.destination.slug,
        "input_token": wish.input_token.address,
        "output_token": wish.output_token.address,
        "amount": asked.amount,
        "exact": asked.exact,
        "user": wish.user,
        "recipient": wish.recipient,
        "confirm": asked.confirm,
        "can_batch": "1" if asked.confirm == "batch" else "",
        "app": wish.app.slug if wish.app else "",
        "gas_on_arrival": asked.gas,
    }


def quote_lines(quote: JsonObject) -> list[str]:
    """What is offered, in words, before anything is signed."""
    give, get = quote["input"], quote["output"]
    lines = [
        f"you give    {_amount(give['amount'], give)} on {give['chain']}",
        f"you receive {_amount(get['expected'], get)} on {get['chain']}, "
        f"at least {_amount(get['minimum'], get)}",
    ]
    if quote["eta_seconds"] is not None:
        lines.append(f"in about {quote['eta_seconds']} s, {quote['confirmations']} confirmation(s)")
    return lines


def arrival_lines(wish: Wish, order: StandardOrder) -> list[str]:
    """What the order does besides delivering its output."""
    lines = [f"it goes into {wish.app.name} at {wish.app.target}"] if wish.app else []
    besides = gas_besides(order.outputs, recipient=wish.recipient)
    if besides:
        coins = format_units(besides, NATIVE_DECIMALS)
        lines.append(f"besides, {coins} of the coin of {wish.destination.name} for gas")
    return lines


def follow(client: WaymeetClient, submitted: Submitted, *, network: Network, started: float, say: Say) -> str:
    """Say every event until the order has ended for its user; returns the delivering transaction or ""."""
    fill_tx = ""
    names = {chain.chain_id: chain.name for chain in network.chains}
    for answer in client.follow(submitted):
        for event in answer["events"]:
            if event["kind"] in ("filled", "delivered"):
                fill_tx = event["data"].get("tx_hash") or fill_tx
            say(f"{time.monotonic() - started:6.1f} s  {event_line(event, names)}")
        if answer["is_ended"] and answer["reason"] and answer["state"] not in ("filled", "settled"):
            say(f"because: {answer['reason']['message']}")
    return fill_tx


def event_line(event: JsonObject, chain_names: dict[int, str]) -> str:
    """One event on one line: kind, chain, depth, block, transaction."""
    data: dict[str, Any] = event["data"]
    parts = [event["kind"].replace("_", " ").ljust(14)]
    if data.get("chain_id"):
        parts.append(chain_names.get(int(data["chain_id"]), str(data["chain_id"])))
    if "have" in data and "need" in data:
        parts.append(f"{data['have']} of {data['need']} blocks")
    if data.get("block"):
        parts.append(f"block {data['block']}")
    tx_hash = data.get("tx_hash")
    if tx_hash:
        parts.append(str(tx_hash))
    return "  ".join(parts).rstrip()


def destination_reader(wish: Wish) -> ChainReader | None:
    """Our own eyes on the destination, when the API publishes an endpoint."""
    return wish.destination.reader() if wish.destination.rpc_url else None


def balance(reader: ChainReader | None, wish: Wish) -> int | None:
    """The recipient's balance of the output token; None when the chain cannot be read from here."""
    if reader is None:
        return None
    try:
        return reader.balance(token=wish.output_token.address, holder=wish.recipient)
    except ChainUnreachable:
        return None


def received_by(reader: ChainReader | None, wish: Wish, tx_hash: str) -> int | None:
    """What the delivering transaction moved to the recipient, from its receipt; None for native coin."""
    if reader is None or not tx_hash or wish.output_token.address == NATIVE:
        return None
    try:
        return reader.received(tx_hash=tx_hash, token=wish.output_token.address, holder=wish.recipient)
    except ChainUnreachable:
        return None


def _place(network: Network, text: str) -> tuple[ChainInfo, Token]:
    chain_name, separator, token_name = text.partition(":")
    if not separator or not token_name:
        raise CannotStart("place_malformed", f"{text!r} is not chain:token, such as alder:USDC")
    chain = network.chain(chain_name)
    return chain, chain.token(token_name)


def _app(destination: ChainInfo, text: str, token: Token) -> App:
    chain, _, slug = text.rpartition(":")
    if chain and chain.lower() != destination.slug:
        raise CannotStart("unknown_name", f"{text!r} is on another chain than {destination.name}")
    try:
        app = destination.app(slug)
    except UnknownName as error:
        raise CannotStart(error.code, str(error)) from error
    if app.token.lower() != token.address.lower():
        raise CannotStart("app_takes_another_token", f"{app.name} does not take {token.symbol}")
    return app


def _told_of_app(wish: Wish, reader: ChainReader | None, fill_tx: str, *, say: Say) -> int | None:
    """Base units that the app took, said aloud; None when it took none or the chain cannot be read."""
    assert wish.app is not None
    executor = wish.destination.contracts["call_executor"]
    taken = taken_by_app(reader, tx_hash=fill_tx, executor=executor, app=wish.app, recipient=wish.recipient)
    if taken:
        amount = format_units(taken, wish.output_token.decimals)
        say(f"{wish.app.name} took {amount} {wish.output_token.symbol}")
    elif taken == 0:
        say(f"{wish.app.name} did not take it: the tokens are with {wish.recipient}")
    return taken or None


def _addresses(contracts: dict[str, str]) -> str:
    shown = ("input_settler", "permit2", "output_settler", "hyperlane_oracle")
    return ", ".join(f"{name} {contracts[name]}" for name in shown if name in contracts)


def _amount(units: str | None, token: JsonObject) -> str:
    if units is None:
        return "?"
    return f"{format_units(int(units), token['decimals'])} {token['symbol']}"
