"""“Use from anywhere”: which chain pays for a wish that names only the asset, and why that one.

Every chain where the wallet holds enough is priced in the same world; what delivers the most wins, and among
those that deliver practically the same the fastest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from intents.amounts import BPS
from intents.engine.world import load_world
from intents.errors import WaymeetError
from intents.solver.router import Refusal
from intents.solver.world import World

from .assets import Asset, asset_named, assets
from .balances import balance_of
from .intent import Intent
from .solving import NotOffered, Solved, offer, solve
from .together import pay_together

# Nobody waits longer for less than this.
SAME_BPS: Final = 1
ONLY, BEST, FASTER, SAME, TOGETHER = "only", "best", "faster", "same", "together"
NOT_ENOUGH: Final = "not_enough_here"
UNKNOWN: Final = "balance_unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """One chain that could pay: `have` base units of its token (None unknown), priced, or `code` why not."""

    chain_id: int
    have: int | None
    solved: Solved | None = None
    code: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> int:
        """Base units that are delivered."""
        return self.solved.route.output_expected if self.solved else 0

    @property
    def eta_seconds(self) -> int:
        """How long it takes."""
        return self.solved.route.eta_seconds if self.solved else 0


def answer(intent: Intent) -> dict[str, Any]:
    """What is written to the quote of an intent from anywhere; the chain is chosen. Raises NotOffered.

    When two chains pay together, `second` is the other part's intent with what is written to its quote.
    """
    asset, world = asset_named(intent.asset), load_world()
    places = [
        _priced(intent, asset, place, world) if not place.code else place for place in _places(intent, asset)
    ]
    failed: NotOffered | None = None
    for place in ranked(places, asset=asset, is_exact_output=intent.exact == "output"):
        assert place.solved is not None
        try:
            changes = offer(place.solved)
        except (NotOffered, WaymeetError) as error:
            failed = failed or _as_not_offered(error)
            places = [_refused(each, error) if each is place else each for each in places]
            continue
        return (
            changes
            | {"origin_id": place.chain_id, "input_token": place.solved.intent.input_token}
            | {"anywhere": told(asset, places, intent=intent, chosen=place)}
        )
    if failed is None and _may_be_together(intent, places):
        return _together(intent, asset, places, world)
    none = failed or _why_none(intent, asset, places)
    none.extra = {"anywhere": told(asset, places, intent=intent)}
    raise none


def _may_be_together(intent: Intent, places: list[Place]) -> bool:
    """Whether too little on each chain is all that is the matter, and two of them were asked for."""
    known = [place for place in places if place.code == NOT_ENOUGH and place.have]
    return len(known) > 1 and _parts(intent) > 1


def _parts(intent: Intent) -> int:
    """How many chains may pay together for it."""
    is_one_call = intent.call is not None and not intent.call.app
    return intent.parts if intent.exact == "input" and not is_one_call else 1


def _together(intent: Intent, asset: Asset, places: list[Place], world: World) -> dict[str, Any]:
    held = {place.chain_id: place.have for place in places if place.code == NOT_ENOUGH}
    try:
        both = pay_together(intent, asset, held, world)
    except NotOffered as none:
        none.extra = {"anywhere": told(asset, places, intent=intent)}
        raise
    shares = [
        {"chain_id": share.chain_id, "amount": str(asset.on_chain(share.chain_id, share.amount))}
        for share in both.shares
    ]
    choice = told(asset, places, intent=intent) | {"why": TOGETHER, "shares": shares}
    return both.first | {"anywhere": choice, "second": (both.second_intent, both.second)}


def held_elsewhere(intent: Intent, *, need: int) -> str:
    """The form's value for “wherever you hold it” when that pays what one chain's balance does not, else "".

    `need` is base units of the input token. Only what is known to be held counts.
    """
    asset = next((each for each in assets() if _is_of(each, intent)), None)
    if asset is None:
        return ""
    held = [
        asset.scaled(each.chain_id, each.amount or 0)
        for each in balance_of(intent.user, asset).balances
        if each.chain_id != intent.destination
    ]
    paid = sum(sorted(held, reverse=True)[: _parts(intent)])
    return asset.value if paid >= asset.scaled(intent.origin, need) else ""


def _is_of(asset: Asset, intent: Intent) -> bool:
    token = asset.tokens.get(intent.origin)
    return token is not None and token.address == intent.input_token


def ranked(places: Iterable[Place], *, asset: Asset, is_exact_output: bool) -> list[Place]:
    """The places with a price, the one to take first."""
    priced = sorted(
        (place for place in places if place.solved is not None),
        key=lambda place: (-_worth(place, asset, is_exact_output), place.eta_seconds, place.chain_id),
    )
    if not priced:
        return []
    close = [each for each in priced if is_same(each, priced[0], asset, is_exact_output=is_exact_output)]
    close.sort(key=lambda place: place.eta_seconds)
    return close + [place for place in priced if place not in close]


def is_same(one: Place, other: Place, asset: Asset, *, is_exact_output: bool) -> bool:
    """Whether nobody would mind which of the two it is, but for the time it takes."""
    first, second = (abs(_worth(place, asset, is_exact_output)) for place in (one, other))
    return abs(first - second) * BPS <= SAME_BPS * max(first, second)


def why(chosen: Place, others: list[Place], *, asset: Asset, is_exact_output: bool) -> str:
    """The code of the reason why `chosen` was preferred to the other priced places."""
    if not others:
        return ONLY
    same = [each for each in others if is_same(each, chosen, asset, is_exact_output=is_exact_output)]
    if not same:
        return BEST
    return FASTER if all(chosen.eta_seconds < each.eta_seconds for each in same) else SAME


def told(asset: Asset, places: list[Place], *, intent: Intent, chosen: Place | None = None) -> dict[str, Any]:
    """The choice as kept with the quote; amounts are decimal text in base units of the chain's token."""
    is_exact_output = intent.exact == "output"
    order = ranked(places, asset=asset, is_exact_output=is_exact_output)
    others = [place for place in order if chosen is None or place.chain_id != chosen.chain_id]
    rest = [place for place in places if place.solved is None]
    return {
        "asset": asset.asset_id,
        "symbol": asset.symbol,
        "is_wallet_known": bool(intent.user),
        "chosen": chosen.chain_id if chosen else None,
        "why": why(chosen, others, asset=asset, is_exact_output=is_exact_output) if chosen else "",
        "places": [_told_place(place, asset) for place in ([chosen] if chosen else []) + others + rest],
    }


def _told_place(place: Place, asset: Asset) -> dict[str, Any]:
    route = place.solved.route if place.solved else None
    return {
        "chain_id": place.chain_id,
        "token": asset.tokens[place.chain_id].address,
        "have": None if place.have is None else str(place.have),
        "input": str(route.input_amount) if route else None,
        "output_expected": str(route.output_expected) if route else None,
        "eta_seconds": route.eta_seconds if route else None,
        "code": place.code,
        "params": place.params,
    }


def _worth(place: Place, asset: Asset, is_exact_output: bool) -> int:
    """More is better: what is delivered, or for a fixed output what is not spent."""
    assert place.solved is not None
    if is_exact_output:
        return -asset.scaled(place.chain_id, place.solved.route.input_amount)
    return place.output


def _places(intent: Intent, asset: Asset) -> list[Place]:
    """Every chain with the asset and what the wallet holds there; without a wallet any may pay."""
    if not intent.user:
        held: dict[int, int | None] = dict.fromkeys(asset.tokens)
    else:
        held = {each.chain_id: each.amount for each in balance_of(intent.user, asset).balances}
    places = []
    for chain_id, have in held.items():
        code = ""
        if chain_id == intent.destination:
            code = "same_chain"
        elif intent.user and have is None:
            code = UNKNOWN
        elif intent.user and not have:
            code = NOT_ENOUGH
        places.append(Place(chain_id, have, code=code))
    return places


def _priced(intent: Intent, asset: Asset, place: Place, world: World) -> Place:
    amount: int | None = intent.amount
    if intent.exact == "input":
        amount = asset.on_chain(place.chain_id, intent.amount)
        if amount is None:
            return replace(place, code="amount_too_precise")
        if place.have is not None and place.have < amount:
            return replace(place, code=NOT_ENOUGH)
    assert amount is not None
    try:
        wish = intent.on_chain(place.chain_id, asset.tokens[place.chain_id], amount=amount)
        solved = solve(wish, world)
    except (NotOffered, WaymeetError) as error:
        return _refused(place, error)
    if place.have is not None and place.have < solved.route.input_amount:
        need = str(solved.route.input_amount)
        return replace(place, code=NOT_ENOUGH, params={"need": need})
    return replace(place, solved=solved)


def _refused(place: Place, error: NotOffered | WaymeetError) -> Place:
    refusal = _as_not_offered(error).refusal
    return replace(place, solved=None, code=refusal.code, params=refusal.params)


def _as_not_offered(error: NotOffered | WaymeetError) -> NotOffered:
    return error if isinstance(error, NotOffered) else NotOffered(Refusal(error.code, error.params))


def _why_none(intent: Intent, asset: Asset, places: list[Place]) -> NotOffered:
    """What the person can do most about."""
    usable = [place for place in places if place.code != "same_chain"]
    unknown = [place for place in usable if place.code == UNKNOWN]
    if unknown:
        return NotOffered(Refusal("balances_unknown", {"chain": str(unknown[0].chain_id)}))
    if not any(place.have for place in usable) and any(place.have for place in places):
        return NotOffered(Refusal("only_at_destination", {"chain": str(intent.destination)}))
    refused = [place for place in usable if place.code not in (NOT_ENOUGH, "")]
    if refused:
        return NotOffered(Refusal(refused[0].code, refused[0].params))
    have = sum(asset.scaled(place.chain_id, place.have or 0) for place in usable)
    params = {"have": str(have), "token": asset.symbol, "decimals": asset.decimals}
    if intent.exact == "input":
        return NotOffered(Refusal("not_enough_anywhere", params | {"need": str(intent.amount)}))
    needs = [
        asset.scaled(place.chain_id, int(place.params["need"])) for place in usable if "need" in place.params
    ]
    return NotOffered(Refusal("not_enough_anywhere", params | {"need": str(min(needs))} if needs else params))
