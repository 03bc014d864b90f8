"""Orders handed in over HTTP: once, by whom they were quoted for, unaltered, and never beyond stock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from eth_account.signers.local import LocalAccount

from intents.client.api import ApiError
from intents.client.transfer import Asked
from intents.devnet.accounts import named_wallet
from intents.devnet.deployment import Deployment
from intents.devnet.network import Network

from .stack import ENDED, People, Sent, all_at_once, prepared_at_once, wait_for

pytestmark = [pytest.mark.chain, pytest.mark.slow]
IN_STOCK = Asked(amount="25", source="birch:USDC", target="cedar:USDC")
CEDAR_25 = 25 * 10**18
Wallets = Callable[[int], list[LocalAccount]]


def test_a_second_client_gets_nothing_for_the_same_order(
    people: People, chains: Network, fresh_wallets: Wallets
) -> None:
    (wallet,) = fresh_wallets(1)
    chains.fund("birch", [wallet.address], {"USDC": 100_000_000})
    client = people.client
    quote, signature = people.signed_quote(wallet, IN_STOCK)
    first = client.submit(quote_id=quote["quote_id"], order=quote["order"], signature=signature)
    again = client.submit(quote_id=quote["quote_id"], order=quote["order"], signature=signature)
    assert again == replace(first, state=again.state), "a lost answer must cost nothing"
    # Order and signature are calldata for everybody to read; the quote's id is not.
    stranger, _ = people.signed_quote(wallet, IN_STOCK)
    with pytest.raises(ApiError) as refusal:
        client.submit(quote_id=stranger["quote_id"], order=quote["order"], signature=signature)
    assert (refusal.value.status, refusal.value.code) == (409, "already_submitted")
    assert first.share_key not in str(refusal.value.params)
    with pytest.raises(ApiError) as hidden:
        client.order(replace(first, share_key="guess"))
    assert hidden.value.code == "order_not_found"
    assert people.wait(Sent(wallet.address, first), ENDED, seconds=120) == "settled"


def test_what_was_altered_is_refused_by_the_name_of_its_field_and_a_bad_signature_by_its_code(
    people: People, chains: Network, fresh_wallets: Wallets
) -> None:
    wallet, other = fresh_wallets(2)
    chains.fund("birch", [wallet.address, other.address], {"USDC": 100_000_000})
    quote, own = people.signed_quote(wallet, IN_STOCK)
    _, anothers = people.signed_quote(other, IN_STOCK)

    def refusal(signature: str, **altered: str) -> ApiError:
        with pytest.raises(ApiError) as caught:
            people.client.submit(
                quote_id=quote["quote_id"], order={**quote["order"], **altered}, signature=signature
            )
        assert 400 <= caught.value.status < 500
        return caught.value

    altered = {"nonce": "1", "expires": "4294967295", "fillDeadline": "1", "user": other.address}
    for field, value in altered.items():
        told = refusal(own, **{field: value})
        assert (told.code, told.params["field"]) == ("field_differs", field)
    for signature in ("", "0x", "0x" + "11" * 64, "0x" + "11" * 64 + "1b", "zz"):
        assert refusal(signature).code == "signature_malformed", signature
    assert refusal(anothers).code == "wrong_signer"


def test_fifty_orders_against_stock_for_ten(people: People, chains: Network, fresh_wallets: Wallets) -> None:
    wallets = fresh_wallets(50)
    chains.fund("birch", [wallet.address for wallet in wallets], {"USDC": 100_000_000})
    with only_stock(chains, "cedar", {"USDC": 10 * CEDAR_25}):
        wait_for(lambda: is_short(people), seconds=30, what=lambda: "Cedar's stock is not seen")
        accepted, refusals = all_at_once(prepared_at_once(people, wallets, IN_STOCK))
        assert (len(accepted), len(refusals)) == (10, 40)
        assert {refusal.code for refusal in refusals} == {"no_stock"}
        assert all(400 <= refusal.status < 500 for refusal in refusals)
        for sent in accepted:
            assert people.wait(sent, ENDED, seconds=180) == "settled"
    owners = {sent.wallet for sent in accepted}
    for wallet in wallets:
        spent = 100_000_000 - chains.balance("birch", "USDC", wallet.address)
        assert spent == (25_000_000 if wallet.address in owners else 0)


def is_short(people: People) -> bool | None:
    """True once more than the small stock is refused."""
    try:
        people.client.quote(
            origin="birch", destination="cedar", input_token="USDC", output_token="USDC", amount="260"
        )
    except ApiError as error:
        return True if error.code in ("no_stock", "amount_too_large") else None
    return None


@contextmanager
def only_stock(chains: Network, slug: str, keep: dict[str, int]) -> Iterator[None]:
    """Leave the solver account these base units and nothing else, and give the rest back afterwards."""
    rpc = chains.rpc(slug)
    solver = chains.manifest(slug).contracts["solver_account"].address
    sink = named_wallet("sink of stock").address
    coins = rpc.request("eth_getBalance", solver, "latest")
    rpc.batch([("anvil_setBalance", [who, hex(10**18)]) for who in (solver, sink)])
    moved: dict[str, int] = {}
    for token in chains.manifest(slug).tokens:
        surplus = chains.balance(slug, token.symbol, solver) - keep.get(token.symbol, 0)
        if surplus > 0:
            moved[token.symbol] = surplus
    _move(chains, slug, moved, sender=solver, to=sink)
    # Coins are stock too.
    rpc.request("anvil_setBalance", solver, "0x0")
    try:
        yield
    finally:
        rpc.request("anvil_setBalance", solver, coins)
        _move(chains, slug, moved, sender=sink, to=solver)


def _move(chains: Network, slug: str, amounts: dict[str, int], *, sender: str, to: str) -> None:
    rpc = chains.rpc(slug)
    rpc.request("anvil_impersonateAccount", sender)
    deployment = Deployment(rpc)
    for symbol, amount in amounts.items():
        token = chains.token(slug, symbol)
        deployment.send(token, "transfer(address,uint256)", to, amount, sender=sender, gas=200_000)
    deployment.flush()
    rpc.request("anvil_stopImpersonatingAccount", sender)
