"""Wallets other than the demo's: unknown chains, several at once, accounts that change, refusals, Safe accounts."""

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from playwright.sync_api import Page, Request, Route, expect

from intents.devnet.bench.demo_process import DemoProcess
from tests.e2e.stack import chains_of
from tests.safes import safe_of, safe_signature

from .person import ORDER_PAGE, READY, approve, review, wait_shown
from .test_transfer import manifest
from .wallets import (
    INTERNAL,
    MAINNET,
    REJECTED,
    UNAUTHORISED,
    UNKNOWN_CHAIN,
    UPGRADE_REJECTED,
    Wallet,
    connect_with,
    key_signer,
)

FORM = "/?from=alder:USDC&to=birch:USDC&amount=20"
UNIT = 10**6
PENDING, DISCONNECTED = -32002, 4900


def somebody(demo: DemoProcess) -> LocalAccount:
    """A new person with dollars on Alder."""
    key: LocalAccount = Account.create()
    chains_of(demo).fund("alder", [key.address], {"USDC": 100 * UNIT})
    return key


def chain_id(demo: DemoProcess, slug: str) -> int:
    return manifest(demo, slug).chain_id


def dollars(demo: DemoProcess, slug: str, owner: str) -> int:
    return chains_of(demo).balance(slug, "USDC", owner)


def quote_id(page: Page) -> str:
    return str(page.locator("[data-quote]").get_attribute("data-quote"))


def user_of_offer(page: Page) -> str:
    offer: dict[str, Any] = json.loads(page.get_attribute("#offer", "data-offer") or "{}")
    return str(offer["order"]["user"])


@pytest.mark.parametrize(
    ("code", "switches", "prompts"),
    [
        (UNKNOWN_CHAIN, False, ["connect", "add", "switch", "sign"]),
        (INTERNAL, True, ["connect", "add", "sign"]),
    ],
)
def test_a_new_person_sees_at_most_four_prompts_and_a_returning_one_sees_one(
    page: Page, demo: DemoProcess, code: int, switches: bool, prompts: list[str]
) -> None:
    key = somebody(demo)
    wallet = Wallet(page, demo, {key.address: key_signer(key)})
    wallet.unknown_code, wallet.switches_when_adding = code, switches
    page.goto(FORM)
    connect_with(page, wallet)
    review(page)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert wallet.prompts == prompts
    (added,) = wallet.added
    assert int(added["chainId"], 16) == chain_id(demo, "alder")
    assert added["rpcUrls"] and added["nativeCurrency"]["decimals"] == 18
    assert "blockExplorerUrls" not in added or added["blockExplorerUrls"]

    page.goto(FORM)
    review(page)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert wallet.prompts[len(prompts) :] == ["sign"]
    wait_shown(page, "delivered")
    assert dollars(demo, "alder", key.address) == 60 * UNIT


def test_every_wallet_is_listed_and_its_icon_is_only_a_picture(page: Page, demo: DemoProcess) -> None:
    key = Account.create()
    wallet = Wallet(page, demo, {key.address: key_signer(key)})
    Wallet(page, demo, {key.address: key_signer(key)}, name="Sly wallet", icon="javascript:window.cracked=1")
    page.goto("/")
    page.click("[data-connect]")
    names = page.locator("#wallet-dialog [data-wallets] button")
    expect(names).to_have_count(3)
    assert {name.strip() for name in names.all_inner_texts()} == {"Demo wallet", "Test wallet", "Sly wallet"}
    expect(names.filter(has_text="Sly").locator("*")).to_have_count(0)
    expect(names.filter(has_text="Test").locator("img")).to_have_count(1)
    page.click("#wallet-dialog [data-cancel]")

    wallet.refuse("eth_requestAccounts", REJECTED, PENDING)
    label, problem = page.locator("[data-wallet-label]"), page.locator("[data-wallet-problem]")
    connect_with(page, wallet)
    expect(label).to_have_text("Connect wallet")
    expect(page.locator("#wallet-dialog")).to_be_hidden()
    connect_with(page, wallet)
    expect(problem).to_contain_text("already asking you something")
    names.filter(has_text="Test").click()
    expect(label).to_have_text(f"{key.address[:6]}…{key.address[-4:]}")

    # One press on the connected wallet only asks what is to be done with it.
    page.click("[data-connect]")
    expect(page.locator("[data-account]")).to_have_text(key.address)
    expect(page.locator("#account-dialog [data-copy]")).to_have_attribute("data-copy", key.address)
    page.keyboard.press("Escape")
    expect(page.locator("[data-connect]")).to_be_focused()
    page.click("[data-connect]")
    page.click("[data-change-wallet]")
    expect(names).to_have_count(3)
    page.click("#wallet-dialog [data-cancel]")
    expect(label).to_have_text(f"{key.address[:6]}…{key.address[-4:]}")
    page.reload()
    expect(label).to_have_text(f"{key.address[:6]}…{key.address[-4:]}")
    assert wallet.prompts == ["connect", "connect"]
    assert page.evaluate("window.cracked") is None
    page.click("[data-connect]")
    page.click("[data-disconnect]")
    expect(label).to_have_text("Connect wallet")
    expect(page.locator("#account-dialog")).to_be_hidden()


def test_another_account_makes_the_offer_void_and_another_chain_does_not(
    page: Page, demo: DemoProcess
) -> None:
    first, second = somebody(demo), somebody(demo)
    alder = chain_id(demo, "alder")
    wallet = Wallet(page, demo, {key.address: key_signer(key) for key in (first, second)}, active=alder)
    asked: list[str] = []

    def remember(request: Request) -> None:
        asked.extend(name for name in ("/quote", "/orders") if request.url.endswith(name))

    page.on("request", remember)
    page.goto(FORM)
    connect_with(page, wallet)
    page.locator(READY).wait_for()
    assert user_of_offer(page) == first.address

    # Another chain: what the wallet shows is read again, the offer stands.
    offer, quotes, reads = quote_id(page), asked.count("/quote"), wallet.requests.count("eth_chainId")
    wallet.move(chain_id(demo, "birch"))
    wallet.move(alder)
    expect(page.locator("[data-balance]")).to_contain_text("100 USDC")
    assert wallet.requests.count("eth_chainId") > reads
    assert (quote_id(page), asked.count("/quote")) == (offer, quotes)
    expect(page.locator(READY)).to_be_enabled()

    # Another account while the offer is looked at: a new one for that account.
    wallet.show(second.address)
    expect(page.locator("[data-quote]")).not_to_have_attribute("data-quote", offer)
    review(page)
    assert user_of_offer(page) == second.address

    # In the review: nothing can be confirmed any more.
    offer = quote_id(page)
    wallet.show(first.address)
    expect(page.locator("[data-problem]")).to_contain_text("switched to another account")
    expect(page.locator("[data-sign]")).to_be_disabled()
    page.click("#confirm-dialog [data-cancel]")
    expect(page.locator("[data-quote]")).not_to_have_attribute("data-quote", offer)
    review(page)

    # While the wallet asks: what it signs for the account before is dropped.
    assert user_of_offer(page) == first.address
    wallet.held.add("eth_signTypedData_v4")
    page.click("[data-sign]")
    expect(page.locator("[data-state]")).to_contain_text("confirm in your wallet")
    wallet.show(second.address)
    expect(page.locator("[data-problem]")).to_contain_text("switched to another account")
    wallet.release()
    page.click("#confirm-dialog [data-cancel]")
    review(page)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert asked.count("/orders") == 1
    signers = [(account, data["message"]["from"]) for account, data in wallet.signed]
    assert signers == [(first.address, first.address), (second.address, second.address)]
    # Nobody is there any more: the page does not pretend.
    page.goto(FORM)
    review(page)
    wallet.is_connected = False
    wallet.emit("accountsChanged", [])
    expect(page.locator("[data-problem]")).to_contain_text("disconnected from this page")
    expect(page.locator("[data-sign]")).to_be_disabled()
    page.click("#confirm-dialog [data-cancel]")
    expect(page.locator("[data-confirm]")).to_have_text("Connect wallet to confirm")


def test_a_wallet_that_says_no_or_lets_go_keeps_the_offer(page: Page, demo: DemoProcess) -> None:
    key = somebody(demo)
    wallet = Wallet(
        page,
        demo,
        {key.address: key_signer(key)},
        active=chain_id(demo, "birch"),
        knows=(MAINNET, chain_id(demo, "alder")),
    )
    page.goto(FORM)
    connect_with(page, wallet)
    review(page)
    offer = quote_id(page)
    state, problem, sign = (page.locator(f"[data-{name}]") for name in ("state", "problem", "sign"))

    wallet.refuse("wallet_switchEthereumChain", REJECTED)
    sign.click()
    expect(state).to_contain_text("Nothing happened; the offer is still here")
    expect(problem).to_be_hidden()
    wallet.stays = True
    sign.click()
    expect(problem).to_contain_text("Your wallet is not on Alder")
    wallet.stays = False
    # Gone back while the wallet asks for its chain: no order was made, no page is opened for one.
    wallet.held.add("wallet_switchEthereumChain")
    sign.click()
    expect(state).to_contain_text("switch your wallet to Alder")
    page.click("#confirm-dialog [data-cancel]")
    wallet.release()
    review(page)
    wallet.refuse("eth_signTypedData_v4", UNAUTHORISED, DISCONNECTED, PENDING, REJECTED)
    before = len(wallet.prompts)
    for _ in range(2):
        sign.click()
        expect(problem).to_contain_text("no longer connected to this page")
        expect(sign).to_be_enabled()
    sign.click()
    expect(problem).to_contain_text("already asking you something")
    sign.click()
    expect(state).to_contain_text("Nothing happened; the offer is still here")
    assert quote_id(page) == offer
    sign.click()
    page.wait_for_url(ORDER_PAGE)
    assert wallet.prompts[before:] == ["connect", "connect", "sign", "sign"]


def test_a_wallet_that_batches_pays_in_one_step_and_never_on_another_chain(
    page: Page, demo: DemoProcess
) -> None:
    key: LocalAccount = Account.create()
    chains_of(demo).fund("birch", [key.address], {"WETH": 10**17})
    birch, alder = chain_id(demo, "birch"), chain_id(demo, "alder")
    wallet = Wallet(page, demo, {key.address: key_signer(key)}, active=birch, knows=(alder,))
    # Wherever it is, once the account was changed to one that can.
    wallet.capabilities = {"0x0": {"atomic": {"status": "ready"}}}
    page.goto("/?from=birch:WETH&to=alder:USDC&amount=0.01")
    connect_with(page, wallet)
    review(page)
    wallet.refuse("wallet_sendCalls", UPGRADE_REJECTED)
    page.click("[data-sign]")
    expect(page.locator("[data-state]")).to_contain_text("Nothing happened; the offer is still here")

    def leave(route: Route) -> None:
        wallet.active = alder
        route.continue_()

    page.route("**/orders", leave, times=1)
    page.click("[data-sign]")
    expect(page.locator("[data-problem]")).to_contain_text("went to another chain, so nothing was sent")
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert wallet.prompts == ["connect", "batch", "switch", "batch"]
    wait_shown(page, "delivered")
    assert chains_of(demo).balance("birch", "WETH", key.address) == 9 * 10**16
    assert dollars(demo, "alder", key.address) > 0


def test_a_safe_of_two_owners_pays_with_both_signatures(page: Page, demo: DemoProcess) -> None:
    owners = [Account.create(), Account.create()]
    account = safe_of(chains_of(demo), "alder", owners, {"USDC": 100 * UNIT})
    recipient = Account.create().address
    wallet = Wallet(
        page,
        demo,
        {account: lambda data: safe_signature(account, owners, data)},
        name="Safe wallet",
        active=chain_id(demo, "alder"),
    )
    page.goto(FORM)
    connect_with(page, wallet)
    # What has code here may be nobody's there: it says itself where the money goes.
    expect(page.locator("#quote-card code")).to_have_text("recipient_is_contract")
    page.locator("details.recipient summary").first.click()
    page.fill("#recipient", recipient)
    review(page)
    assert recipient in page.locator("[data-signed]").inner_text()
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert wallet.prompts == ["connect", "sign"]
    wait_shown(page, "delivered")
    assert dollars(demo, "birch", recipient) > 19 * UNIT
    assert dollars(demo, "alder", account) == 80 * UNIT


def test_a_wallet_of_the_old_kind_is_found_where_there_is_no_other(page: Page, demo: DemoProcess) -> None:
    key = Account.create()
    page.add_init_script(
        "window.ethereum = { request: async ({ method }) => method === 'eth_chainId' ? '0x1' : "
        f"['{key.address}'], on() {{}} }};"
        "window.addEventListener('eip6963:announceProvider', (event) => event.stopImmediatePropagation(), true);"
    )
    page.goto("/")
    page.click("[data-connect]")
    label = page.locator("[data-wallet-label]")
    expect(label).to_have_text(f"{key.address[:6]}…{key.address[-4:]}")
    page.reload()
    expect(label).to_have_text(f"{key.address[:6]}…{key.address[-4:]}")


def test_who_uses_another_account_is_signed_out(page: Page, demo: DemoProcess) -> None:
    page.goto("/history")
    page.click("[data-login]")
    assert [approve(page), approve(page)] == ["Connect to this page?", "Sign a message"]
    expect(page.locator("[data-signed-in]")).to_be_visible()
    other, key = page.context.new_page(), somebody(demo)
    wallet = Wallet(other, demo, {key.address: key_signer(key)}, active=chain_id(demo, "alder"))
    other.goto("/history")
    expect(other.locator("[data-signed-in]")).to_be_visible()
    connect_with(other, wallet)
    expect(other.locator("[data-login-form]")).to_be_visible()
    expect(other.locator("[data-signed-in]")).to_have_count(0)
