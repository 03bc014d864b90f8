"""Cancelling and collecting by a transaction of the person's own: offered when it helps, and built right."""

import html
import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from eth_account import Account
from eth_utils.address import to_checksum_address

from intents.chains.manifest import ChainManifest
from intents.contracts.addresses import deposit_address_of
from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.relief import TAKEN_BACK
from intents.settlement import calls
from intents.settlement.cancelling import (
    cancel_authorization,
    cancel_typed_data,
    invalidate_nonce,
    void_permit,
    void_permit_data,
)
from intents.settlement.order import order_from_json
from intents.settlement.typed_data import digest
from tests.rescue.test_scripts import run
from tests.scripts import ROOT, VECTORS
from tests.web import rows

pytestmark = pytest.mark.django_db
IMPLEMENTATION = "0x" + "d1" * 20
CANCELLABLE = (OrderState.SIGNED, OrderState.OPENING, OrderState.REJECTED)


@pytest.fixture(autouse=True)
def chains() -> None:
    rows.connect(rows.manifest(901, "alder"), rows.manifest(902, "birch"))


def offered(client: Client, order: Order) -> str:
    """What the page's head says can be done."""
    page = client.get(f"/t/{order.order_id}?k={order.share_key}").content.decode()
    found = re.search(r'<header id="journey-head"[^>]*data-can="(\w+)"', page)
    return found[1] if found else ""


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.NEEDS_ATTENTION])
def test_cancelling_is_offered_only_while_nothing_was_taken(client: Client, state: OrderState) -> None:
    order = signed_order(state=state)
    assert offered(client, order) == ("cancel" if state in CANCELLABLE else "")


def test_it_is_not_offered_where_it_cannot_help(client: Client) -> None:
    assert offered(client, signed_order(fill_deadline=int(time.time()) - 5)) == ""
    assert offered(client, signed_order(confirm_way="batch")) == ""
    assert offered(client, signed_order(signature="")) == ""
    for code in TAKEN_BACK:
        order = signed_order(state=OrderState.REJECTED, reason={"code": code, "params": {}})
        assert offered(client, order) == ""


def test_a_permit_says_what_else_goes_with_it(client: Client) -> None:
    order = signed_order(confirm_way="permit")
    assert offered(client, order) == "cancel"
    page = client.get(f"/t/{order.order_id}?k={order.share_key}").content.decode()
    assert "asks for a signature before. Other permits of this token" in page


def test_what_waits_can_be_collected(client: Client) -> None:
    waiting = signed_order(state=OrderState.REFUNDED, payout="claimable")
    assert offered(client, waiting) == "claim"
    page = client.get(f"/t/{waiting.order_id}?k={waiting.share_key}").content.decode()
    # What is to be done now leads the others.
    assert page.index('class="button" href="#relief"') < page.index('id="relief"')
    assert offered(client, signed_order(state=OrderState.REFUNDED, payout="sent")) == ""


def test_the_page_tells_its_script_what_the_order_says(client: Client) -> None:
    order = signed_order()
    page = client.get(f"/t/{order.order_id}?k={order.share_key}").content.decode()
    found = re.search(r'data-facts="([^"]+)"', page)
    assert found is not None
    facts = json.loads(html.unescape(found[1]))
    assert facts["orderId"] == order.order_id
    assert facts["nonce"] == order.terms["nonce"]
    assert facts["deadline"] == str(order.fill_deadline)
    assert (
        '<script type="application/json" id="network">' in page
        or 'id="network" type="application/json"' in page
    )


def test_the_scripts_transactions_are_pythons() -> None:
    vector = next(each for each in VECTORS if len(each["order"]["inputs"]) == 1)
    order, order_id = order_from_json(vector["order"]), bytes.fromhex(vector["order_id"][2:])
    token = f"0x{order.inputs[0][0]:040x}"
    chain = origin_of(order.origin_chain_id, token)
    signer = Account.from_key("0x" + "17" * 32)
    data = cancel_typed_data(order, order_id=order_id, origin=chain)
    signature = bytes(signer.unsafe_sign_hash(digest(data)).signature)
    known = chain.tokens[0]
    place = deposit_address_of(order_id, settler=rows.ESCROW, implementation=IMPLEMENTATION)
    voiding = void_permit_data(order, deposit_address=place, count=5, origin=chain)
    facts = {
        "token": token,
        "user": order.user,
        "nonce": str(order.nonce),
        "orderId": vector["order_id"],
        "deadline": str(order.fill_deadline),
    }
    given = {
        "facts": facts,
        "signature": "0x" + signature.hex(),
        "chain": {
            "chain_id": str(chain.chain_id),
            "contracts": {name: contract.address for name, contract in chain.contracts.items()}
            | {"deposit_implementation": IMPLEMENTATION},
            "tokens": [
                {
                    "address": known.address,
                    "name": known.name,
                    "version": known.version,
                    "eip3009": "bytes",
                    "permit": "eip2612",
                }
            ],
        },
    }
    found = run(
        """
        const relief = await import(new URL("./relief.js", input.modules));
        const { digest } = await import(new URL("./order.js", input.modules));
        return {
          claim: relief.claim(input.facts, input.chain),
          permit2: relief.invalidation(input.facts, input.chain),
          cancel: relief.cancellation(input.facts, input.signature),
          digest: digest(relief.cancelTypedData(input.facts, input.chain)),
          voiding: digest(relief.voidTypedData(input.facts, input.chain, 5n)),
          voided: relief.voided(relief.voidTypedData(input.facts, input.chain, 5n), input.signature),
        };
        """,
        {**given, "modules": (ROOT / "static" / "src" / "modules").as_uri() + "/"},
    )
    assert found["digest"] == "0x" + digest(data).hex()
    assert lowered(found["claim"]) == plain(calls.claim(known.address, order.user, origin=chain))
    assert lowered(found["permit2"]) == plain(invalidate_nonce(order, origin=chain))
    mine = plain(cancel_authorization(order, order_id=order_id, signature=signature))
    assert {**lowered(found["cancel"]), "to": mine["to"]} == mine
    assert found["voiding"] == "0x" + digest(voiding).hex()
    assert lowered(found["voided"]) == plain(void_permit(order, deposit_address=place, signature=signature))


def signed_order(**changes: Any) -> Order:
    """An order with a signature, and with its log where its state says that it was opened."""
    order = rows.order(**{"signature": "0x" + "ab" * 65, **changes})
    Order.objects.filter(pk=order.pk).update(terms={**order.terms, "nonce": "77"})
    order.refresh_from_db()
    return order


def origin_of(chain_id: int, token: str) -> ChainManifest:
    """A chain that lists the vector's token."""
    made = replace(rows.manifest(901, "alder"), chain_id=chain_id, domain=chain_id)
    address = to_checksum_address(token)
    return replace(made, tokens=(replace(made.tokens[0], address=address, name="USD Coin"),))


def plain(call: Any) -> dict[str, str]:
    return lowered({"to": call.target, "data": "0x" + call.data.hex()})


def lowered(call: dict[str, str]) -> dict[str, str]:
    return {name: value.lower() for name, value in call.items()}
