"""What one confirmation reaches: brakes on tokens, routes and chains take their pairs with them, and say why."""

import pytest
from django.test import Client
from django.utils import timezone

from intents.devnet.bench.report import connectivity_lines
from intents.devnet.network import Network
from intents.models import Departure, Pause
from intents.passports.records import hold_token
from intents.selectors import connectivity as reach
from intents.selectors.connectivity import ConnectivityView, connectivity_view
from intents.services.quotes import Intent, quote_request, quote_solve
from intents.solver.connectivity import Place

pytestmark = [pytest.mark.chain, pytest.mark.django_db]
WHY = "its operator moves to another stack"


def pairs_of(view: ConnectivityView, code: str) -> list[tuple[str, str, int]]:
    return [(gap.token, gap.chain, gap.pairs) for gap in view.gaps if gap.code == code]


def served_at(*places: Place) -> int:
    """Pairs that touch one of these places and are counted as served."""
    assert reach._kept is not None
    unserved = {pair.ends for pair in reach._kept.found.unserved}
    all_pairs = {(one, other) for one in places for other in _places() if one[0] != other[0]}
    all_pairs |= {(other, one) for one, other in all_pairs}
    return len(all_pairs - unserved)


def _places() -> list[Place]:
    world = reach.load_world()
    return [(chain.chain_id, token) for chain in world.chains.values() for token in chain.tokens]


def test_brakes_take_their_pairs_with_them_and_give_them_back(seen_odd: Network, client: Client) -> None:
    quince, rowan, sorrel = seen_odd.manifests.values()
    dollar = quince.token("USDC").address
    before = connectivity_view()
    assert before.served and served_at((quince.chain_id, dollar)) > 0

    hold_token(quince.chain_id, dollar, {"rebases"})
    Pause.objects.create(
        kind=Pause.Kind.ROUTE, origin_id=quince.chain_id, destination_id=sorrel.chain_id, reason="looked into"
    )
    Departure.objects.create(chain_id=rowan.chain_id, kind=Departure.Kind.DRAIN, reason=WHY)
    braked = connectivity_view()
    assert served_at((quince.chain_id, dollar)) == 0
    assert served_at(*((rowan.chain_id, token.address) for token in rowan.assets)) == 0
    each = len(quince.assets)
    assert pairs_of(braked, "chain_leaving") == [("", "Rowan", 4 * each * each)]
    [(token, chain, pairs)] = pairs_of(braked, "token_paused")
    assert (token, chain) == ("USDC", "Quince")
    assert pairs > 2 * each, "nor does it buy what is delivered there"
    assert pairs_of(braked, "route_paused") == [("", "Quince → Sorrel", (each - 1) * each)]
    words = " ".join(gap.words for gap in braked.gaps)
    assert WHY in words and "balances of it change by themselves" in words and "looked into" in words

    page = client.get("/network", headers={"accept-language": "en"}).content.decode()
    assert f"every token on Rowan, {4 * each * each} pairs:" in page and WHY in page
    printed = "\n".join(connectivity_lines(client.get("/api/v1/connectivity").json()))
    assert f"not anything on Rowan ({4 * each * each} pairs): chain_leaving, Rowan takes no new" in printed

    intent = {"origin": "quince", "destination": "sorrel", "input_token": "USDC", "output_token": "USDC"}
    quote = quote_request(intent=Intent.parse({**intent, "amount": "50", "exact": "input"}))
    quote_solve(quote.pk)
    quote.refresh_from_db()
    assert (quote.refusal or {})["code"] == "token_paused", "the count says what an offer would say"

    hold_token(quince.chain_id, dollar, ())
    for model in (Pause, Departure):
        model.objects.update(ended_at=timezone.now())
    assert connectivity_view() == before
