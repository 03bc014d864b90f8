"""Getting help: bound to an own transfer, safe against deceivers, and it works without scripts."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone, translation
from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language

from intents.lifecycle import OrderState
from intents.models import AuditEntry, Order, Ticket, TicketMessage
from intents.selectors.timeline import timeline
from intents.services import limits
from intents.services.code_words import FIRST, SECOND, new_code_word, said_code_word
from intents.services.secret_text import looks_secret
from intents.services.staff.audit import Actor
from intents.services.tickets import (
    MOST_LETTERS,
    MOST_UNANSWERED,
    TicketClosed,
    answer,
    close_by_staff,
    reopen_by_staff,
)

from . import rows
from .conftest import Browser
from .test_login_and_history import WALLET, send, sign, text_for
from .test_plain_words import internal_words
from .test_scripts import run

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture
def actor(db: None) -> Actor:
    user = get_user_model().objects.create_user("carol", password=secrets.token_hex(8), is_staff=True)
    return Actor(user=user, name="carol", client_address="192.0.2.7")


@pytest.fixture
def order(chains: None, alice_browser: Browser) -> Order:
    made = rows.order(state=OrderState.OPENED, seen_by=alice_browser.key)
    rows.log(made, "Open", block=99)
    return made


def path(order: Order, more: str = "") -> str:
    return f"/t/{order.order_id}/help{more}"


def write(browser: Client, order: Order, text: str, **headers: str) -> Any:
    return browser.post(path(order), {"text": text}, headers=headers)


def test_the_answer_to_most_questions_comes_first(alice_browser: Browser, order: Order) -> None:
    page = alice_browser.get(path(order)).content.decode()
    where = timeline(order).money.html
    assert where in page
    assert page.index(str(where)) < page.index("<textarea")
    assert "(2 of 3 blocks)" in page


def test_it_is_offered_on_the_transfers_page(alice_browser: Browser, order: Order) -> None:
    assert f'href="{path(order)}"' in alice_browser.get(f"/t/{order.order_id}").content.decode()


def test_a_conversation_without_scripts(alice_browser: Browser, order: Order, actor: Actor) -> None:
    sent = write(alice_browser, order, "Where is my money?\n\nI wait <b>long</b>.")
    assert (sent.status_code, sent["Location"]) == (302, path(order))
    ticket = Ticket.objects.get()
    assert (ticket.order, ticket.state, ticket.language) == (order, "open", "en")
    page = alice_browser.get(path(order)).content.decode()
    assert "I wait &lt;b&gt;long&lt;/b&gt;." in page
    assert ticket.code_word in page

    answer(ticket.pk, actor=actor, text="It needs one more block.")
    on_timeline = alice_browser.get(f"/t/{order.order_id}").content.decode()
    assert 'data-unread="1"' in on_timeline
    assert "New answer" in alice_browser.get("/history").content.decode()
    page = alice_browser.get(path(order)).content.decode()
    assert "It needs one more block." in page
    assert "carol" not in page, "staff have no names towards people"
    assert "data-unread" not in alice_browser.get(f"/t/{order.order_id}").content.decode()
    assert "New answer" not in alice_browser.get("/history").content.decode()

    alice_browser.post(path(order, "/close"))
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert "This conversation has ended" in alice_browser.get(path(order)).content.decode()
    write(alice_browser, order, "One more thing.")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at) == ("open", None)
    assert [message.seq for message in ticket.messages.all()] == [1, 2, 3]
    assert Ticket.objects.count() == 1, "one conversation for one transfer"


def test_without_scripts_nothing_reloads_over_what_is_being_written(
    alice_browser: Browser, order: Order
) -> None:
    write(alice_browser, order, "Hello?")
    page = alice_browser.get(path(order)).content.decode()
    assert "http-equiv" not in page
    assert f'<noscript><p><a href="{path(order)}">' in page


ALL_PATHS = ["", "/live"]


@pytest.mark.parametrize("more", ALL_PATHS)
def test_only_its_owner_reads_it(
    order: Order, alice_browser: Browser, mallory_browser: Browser, stranger: Client, more: str
) -> None:
    write(alice_browser, order, "My private question")
    assert "My private question" in alice_browser.get(path(order, more)).content.decode()
    for other in (mallory_browser, stranger):
        for query in ("", f"?k={order.share_key}", "?k=wrong"):
            denied = other.get(path(order, more) + query)
            assert denied.status_code == 404
            assert "My private question" not in denied.content.decode()
            assert not denied.cookies


def test_only_its_owner_writes(order: Order, mallory_browser: Browser, stranger: Client) -> None:
    for other in (mallory_browser, stranger):
        for query in ("", f"?k={order.share_key}"):
            assert other.post(path(order) + query, {"text": "It is mine"}).status_code == 404
            assert other.post(path(order, "/close") + query).status_code == 404
    assert not Ticket.objects.exists()


def test_the_secret_link_offers_no_help(order: Order, stranger: Client, alice_browser: Browser) -> None:
    write(alice_browser, order, "A question")
    page = stranger.get(f"/t/{order.order_id}?k={order.share_key}").content.decode()
    assert f"/t/{order.order_id}/help" not in page
    assert str(Ticket.objects.get().pk) not in page


def test_the_signed_in_wallet_goes_on_elsewhere(chains: None, stranger: Client) -> None:
    made = rows.order(user=WALLET.address)
    assert stranger.get(path(made)).status_code == 404
    assert send(stranger, sign(text_for(stranger))).status_code == 200
    assert stranger.get(path(made)).status_code == 200
    assert write(stranger, made, "From another device").status_code == 302
    assert Ticket.objects.get().browser_key == ""


def test_forms_of_other_sites_write_nothing(order: Order, alice_browser: Browser) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies = alice_browser.cookies
    assert strict.post(path(order), {"text": "Forged"}).status_code == 403
    assert strict.post(path(order, "/close")).status_code == 403
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods(order: Order, alice_browser: Browser, method: str) -> None:
    assert getattr(alice_browser, method)(path(order)).status_code == 405
    assert alice_browser.get(path(order, "/close")).status_code == 405


SECRETS = [
    KEY,
    f"my key is 0x{KEY.upper()} please help",
    " ".join(KEY[at : at + 8] for at in range(0, 64, 8)),
    "\u200b".join(KEY),
    PHRASE,
    ", ".join(f"{number}. {word}" for number, word in enumerate(PHRASE.split(), 1)),
    f"Hello, here it is:\n{PHRASE.upper()}\nThank you!",
    PHRASE.replace("sausage", "sausags"),
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
]


PHRASES = [" ".join(Mnemonic(language).wordlist[7::85][:24]) for language in Language]
NEITHER_KEPT = [*SECRETS, *PHRASES]


@pytest.mark.parametrize("secret", NEITHER_KEPT, ids=range(len(NEITHER_KEPT)))
def test_secrets_are_neither_kept_nor_sent_back(order: Order, alice_browser: Browser, secret: str) -> None:
    refused = write(alice_browser, order, secret)
    assert refused.status_code == 400
    page = refused.content.decode()
    assert "This was not sent and not kept" in page
    assert secret not in page
    assert KEY not in page
    assert not TicketMessage.objects.exists()
    assert not Ticket.objects.exists()


HARMLESS = [
    "please check my transfer because money still has not arrived after thirty minutes although page says paid",
    "Hello, I sent 100 USDC from Alder to Birch ten minutes ago and the page still says on its way. When will "
    "the money arrive? I need it today, please help me soon.",
    "Where is my money? It has been gone for more than one hour and this page will not say when it is coming back.",
    "我的钱在哪里?我十分钟前从 Alder 转了 100 USDC 到 Birch,页面一直显示转账中,请帮忙查一下,谢谢。",
    "My wallet is 0x" + "aB" * 20 + " and I paid 100.25 at 2026-11-22 14:05:33, block 123456789.",
]


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_ordinary_questions_are_no_secrets(order: Order, alice_browser: Browser, text: str) -> None:
    assert not looks_secret(text)
    assert write(alice_browser, order, text).status_code == 302


def test_the_page_itself_does_not_send_them() -> None:
    script = "return input.map(([text, known]) => secret.looksSecret(text, known));"
    imports = {"secret-text": "* as secret"}
    # Words of other languages are known to the server alone, and so is what hardly differs from a word.
    assert run(script, [(each, []) for each in SECRETS], imports=imports) == [True] * len(SECRETS)
    assert run(script, [(each, []) for each in HARMLESS], imports=imports) == [False] * len(HARMLESS)
    assert run(script, [("0x" + KEY + " added", ["0x" + KEY])], imports=imports) == [False]


def test_hashes_of_the_transfer_may_be_named(order: Order, alice_browser: Browser) -> None:
    seen = rows.log(order, "Refunded", block=101).tx_hash
    assert write(alice_browser, order, f"What is {order.order_id} and {seen.upper()[2:]}?").status_code == 400
    assert write(alice_browser, order, f"What is {order.order_id} and {seen} added for?").status_code == 302


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Please write what"),
        (" \n\t\u200b ", "Please write what"),
        ("x" * (MOST_LETTERS + 1), "That is too long"),
    ],
    ids=["empty", "blank", "long"],
)
def test_what_cannot_be_sent_is_said(order: Order, alice_browser: Browser, text: str, words: str) -> None:
    refused = write(alice_browser, order, text)
    assert refused.status_code == 400
    assert words in refused.content.decode()
    assert not Ticket.objects.exists()


def test_a_refused_draft_is_not_lost(order: Order, alice_browser: Browser) -> None:
    page = write(alice_browser, order, "</textarea><script>" + "x" * MOST_LETTERS).content.decode()
    assert "&lt;/textarea&gt;&lt;script&gt;xxx" in page
    assert "</textarea><script>" not in page


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"text=%FF%FE", "application/x-www-form-urlencoded"),
        (b"text=a%00b", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"x" * 200_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(2000)), "application/x-www-form-urlencoded"),
    ],
    ids=["no text", "zero", "empty", "json", "broken", "large", "many"],
)
def test_malformed_input_is_answered_calmly(
    order: Order, alice_browser: Browser, body: bytes, kind: str
) -> None:
    answered = alice_browser.generic("POST", path(order), body, content_type=kind)
    assert answered.status_code < 500
    assert not any("\x00" in text for text in TicketMessage.objects.values_list("text", flat=True))


@pytest.mark.parametrize("order_id", ["0x12", "nothing", "0x" + "77" * 32, "%00"])
def test_transfers_that_are_none(chains: None, alice_browser: Browser, order_id: str) -> None:
    for more in ("", "/live"):
        assert alice_browser.get(f"/t/{order_id}/help{more}").status_code == 404
    assert alice_browser.post(f"/t/{order_id}/help", {"text": "hello"}).status_code == 404


def test_what_is_sent_twice_is_kept_once(order: Order, alice_browser: Browser) -> None:
    for _ in range(3):
        assert write(alice_browser, order, "Hello?").status_code == 302
    assert TicketMessage.objects.count() == 1


def test_nobody_is_buried_in_messages(order: Order, alice_browser: Browser, actor: Actor) -> None:
    for number in range(MOST_UNANSWERED):
        assert write(alice_browser, order, f"Message {number}").status_code == 302
    refused = write(alice_browser, order, "And another")
    assert refused.status_code == 409
    assert "waiting for an answer" in refused.content.decode()
    answer(Ticket.objects.get().pk, actor=actor, text="I am here.")
    assert write(alice_browser, order, "And another").status_code == 302


@pytest.fixture
def _strict(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "messages": (2, 3600), "lookups": (2, 3600)}
    monkeypatch.setattr(limits, "LOCAL_FACTOR", 1)
    limits.forget()
    yield
    limits.forget()


@pytest.mark.usefixtures("_strict")
def test_writing_too_often(order: Order, alice_browser: Browser) -> None:
    codes = [write(alice_browser, order, f"Message {number}").status_code for number in range(3)]
    assert codes == [302, 302, 429]
    assert alice_browser.get(path(order)).status_code == 200, "reading goes on"


@pytest.mark.usefixtures("_strict")
def test_guessing_ends(order: Order, stranger: Client) -> None:
    codes = [stranger.get(path(order) + f"?k={order.share_key}").status_code for _ in range(3)]
    assert codes == [404, 404, 429]


def test_both_sides_see_the_same_word(order: Order, alice_browser: Browser) -> None:
    write(alice_browser, order, "你好,钱在哪里?", **{"accept-language": "zh-hans"})
    ticket = Ticket.objects.get()
    assert ticket.language == "zh-hans"
    first, second = ticket.code_word.split()
    page = alice_browser.get(path(order), headers={"accept-language": "zh-hans"}).content.decode()
    assert f"{FIRST[first]} {SECOND[second]}（{ticket.code_word}）" in page
    assert said_code_word(ticket.code_word, "en") == ticket.code_word
    assert said_code_word("nothing known", "zh-hans") == "nothing known"


def test_code_words_are_many_and_short() -> None:
    assert len(FIRST) * len(SECOND) > 10_000
    room = Ticket._meta.get_field("code_word").max_length or 0
    assert max(map(len, FIRST)) + 1 + max(map(len, SECOND)) <= room
    for words in (FIRST, SECOND):
        assert len(set(words.values())) == len(words), "no two words have one translation"
        assert all(re.fullmatch(r"[a-z]+", word) for word in words)
        assert all(re.fullmatch(r"[\u4e00-\u9fff]+", said) for said in words.values())
    assert len({new_code_word() for _ in range(50)}) > 40


def test_staff_cannot_write_first(order: Order, alice_browser: Browser, actor: Actor) -> None:
    write(alice_browser, order, "Hello?")
    ticket = Ticket.objects.get()
    close_by_staff(ticket.pk, actor=actor)
    with pytest.raises(TicketClosed):
        answer(ticket.pk, actor=actor, text="Please send us your keys")
    reopen_by_staff(ticket.pk, actor=actor)
    answer(ticket.pk, actor=actor, text="Sorry, here is the answer.")
    actions = list(AuditEntry.objects.order_by("id").values_list("action", "subject_id"))
    assert actions == [
        (action, str(ticket.pk)) for action in ("close_ticket", "reopen_ticket", "answer_ticket")
    ]


def test_who_waits_since_when(order: Order, alice_browser: Browser, actor: Actor) -> None:
    began = timezone.now()
    write(alice_browser, order, "Hello?")
    ticket = Ticket.objects.get()
    first = ticket.waiting_since
    assert first is not None and first >= began
    write(alice_browser, order, "Hello??")
    ticket.refresh_from_db()
    assert ticket.waiting_since == first
    answer(ticket.pk, actor=actor, text="Here.")
    ticket.refresh_from_db()
    assert (ticket.waiting_since, ticket.state) == (None, "answered")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_plain_words(order: Order, alice_browser: Browser, actor: Actor, language: str) -> None:
    def read(which: str) -> str:
        return str(alice_browser.get(which, headers={"accept-language": language}).content.decode())

    pages = [read(path(order))]
    write(alice_browser, order, "你好", **{"accept-language": language})
    pages.append(read(path(order)))
    answer(Ticket.objects.get().pk, actor=actor, text="你好")
    pages += [read(f"/t/{order.order_id}"), read("/history"), read(path(order))]
    alice_browser.post(path(order, "/close"))
    pages.append(read(path(order)))
    assert [internal_words(page) for page in pages] == [[]] * len(pages)
    if language == "en":
        return
    with translation.override(language):
        assert "Our staff" not in "".join(pages)
        assert "Get help" not in "".join(pages)


@pytest.mark.parametrize("state", list(OrderState))
def test_in_every_state(chains: None, alice_browser: Browser, state: OrderState) -> None:
    made = rows.order(state=state, seen_by=alice_browser.key)
    page = alice_browser.get(path(made))
    assert page.status_code == 200
    assert str(timeline(made).money.html) in page.content.decode()
