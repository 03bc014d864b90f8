"""What holds for every page: headers, languages, errors, no scripts in pages, nothing that trusts markup."""

import html
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from intents.models import Chain
from intents.services.intent import Intent

from . import rows
from .conftest import Browser

ROOT = Path(settings.BASE_DIR)
PAGES = ["/", "/developers", "/help", "/history", "/network"]


@pytest.mark.parametrize("path", PAGES)
def test_headers(chains: None, stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_pages_with_a_wallet_reach_local_endpoints_only(chains: None, stranger: Client) -> None:
    assert "http://127.0.0.1:40901" in stranger.get("/")["Content-Security-Policy"]
    assert "40901" not in stranger.get("/network")["Content-Security-Policy"]


def test_the_demo_wallet_is_only_for_local_chains(chains: None, stranger: Client) -> None:
    assert "demo-wallet.js" in stranger.get("/").content.decode()
    row = Chain.objects.get(pk=902)
    row.manifest["is_local"] = False
    row.manifest["endpoints"] = [{"url": "https://secret-key.example/rpc", "ws_url": ""}]
    row.manifest_hash = "0xother"
    row.save()
    from intents.chains import registry

    registry.forget()
    for path in ("/", "/history"):
        text = stranger.get(path).content.decode()
        assert "demo-wallet" not in text
        assert "secret-key" not in text


@pytest.mark.parametrize("path", PAGES)
def test_no_script_or_style_is_inside_a_page(chains: None, stranger: Client, path: str) -> None:
    text = stranger.get(path).content.decode()
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.S):
        assert "src=" in attributes or 'type="application/json"' in attributes, body
    assert "<style" not in text
    assert not re.search(r"\son\w+=|\sstyle=", text)


def test_nothing_trusts_markup() -> None:
    for file in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "intents").rglob("*.py")]:
        text = file.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|mark_safe|autoescape off", text), file


def test_the_language_switch_is_kept(chains: None, stranger: Client) -> None:
    answer = stranger.post("/i18n/setlang/", {"language": "zh-hans", "next": "/network"})
    assert answer["Location"] == "/network"
    assert "网络" in stranger.get("/network").content.decode()
    assert 'lang="zh-hans"' in stranger.get("/").content.decode()


def test_the_language_switch_leads_nowhere_else(chains: None, stranger: Client) -> None:
    answer = stranger.post("/i18n/setlang/", {"language": "zh-hans", "next": "https://evil.example/"})
    assert "evil" not in answer["Location"]


def test_the_language_switch_of_a_posted_page_leads_to_a_page(chains: None, stranger: Client) -> None:
    refused = stranger.post("/quote", {"from": "alder:USDC", "to": "birch:WETH", "amount": "ten"})
    assert refused.status_code == 400
    found = re.search(r'name="next" value="([^"]*)"', refused.content.decode())
    assert found
    assert stranger.get(found[1]).status_code == 200


@pytest.mark.parametrize(
    ("language", "words"), [("en", "There is nothing here"), ("zh-hans", "这里没有内容")]
)
def test_404(chains: None, stranger: Client, language: str, words: str) -> None:
    answer = stranger.get("/nowhere", headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in answer.content.decode()
    assert "not_found" in answer.content.decode()


def test_500_is_a_page(chains: None, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("intents.web.network.chain_views", broken)
    answer = stranger.get("/network")
    assert answer.status_code == 500
    assert "server_error" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods(chains: None, stranger: Client, method: str) -> None:
    for path in ("/", "/quote", "/orders", "/login", "/history"):
        assert getattr(stranger, method)(path).status_code in (403, 405)


def test_a_wrong_method_is_told_in_words(chains: None, stranger: Client) -> None:
    answer = stranger.get("/quote")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "method_not_allowed" in answer.content.decode()
    answer = stranger.get("/orders", headers={"accept": "application/json"})
    assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", PAGES)
def test_head(chains: None, stranger: Client, path: str) -> None:
    assert stranger.head(path).status_code == 200


def test_every_address_answers_everybody(chains: None, stranger: Client, alice_browser: Browser) -> None:
    """Whatever is added to the URLs: strangers get no failure, and nothing of alice's."""
    made = rows.order(seen_by=alice_browser.key)
    asked = rows.quote(browser_key=alice_browser.key)
    for path in addresses(order_id=made.order_id, quote_id=str(asked.pk)):
        for answer in (stranger.get(path), stranger.post(path, {})):
            assert answer.status_code < 500, path
            body = b"".join(answer) if answer.streaming else answer.content
            assert made.share_key.encode() not in body, path
            if "/api/" not in path:
                assert made.user.encode() not in body, path


def addresses(*, order_id: str, quote_id: str) -> list[str]:
    found = []
    for prefix, pattern in walk(get_resolver().url_patterns, ""):
        path = prefix + str(pattern.pattern)
        if path.startswith(settings.STAFF_PATH) or "^" in path:
            continue
        path = re.sub(r"<(?:\w+:)?order_id>", order_id, path)
        path = re.sub(r"<(?:\w+:)?quote_id>", quote_id, path)
        path = re.sub(r"<(?:\w+:)?name>", "birch-vault", path)
        path = re.sub(r"<(?:\w+:)?chain_id>", "901", path)
        path = re.sub(r"<(?:\w+:)?slug>", "birch", path)
        path = re.sub(r"<uuid:(?:request|ticket)_id>", "00000000-0000-4000-8000-000000000000", path)
        path = re.sub(r"<(?:\w+:)?(?:view|code|kind|what)>", "any", path)
        assert "<" not in path, f"say how to fill {path}"
        found.append("/" + path)
    assert len(found) > 12
    return found


def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += walk(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            found.append((prefix, pattern))
    return found


def test_staff_see_everything_and_change_nothing(chains: None, stranger: Client) -> None:
    made = rows.order()
    rows.event(made, "accepted")
    step = made.steps.first()
    assert step is not None
    staff = f"/{settings.STAFF_PATH}intents"
    paths = [f"{staff}/order/", f"{staff}/order/{made.pk}/change/", f"{staff}/step/{step.pk}/change/"]
    paths += [
        f"{staff}/{name}/"
        for name in ("attempt", "event", "quote", "chain", "chainlog", "stock", "ledgerentry")
    ]
    for path in paths:
        assert stranger.get(path).status_code == 302
    stranger.force_login(User.objects.create_superuser("staff", password="x"))
    for path in paths:
        answer = stranger.get(path)
        assert answer.status_code == 200, path
        assert made.share_key not in answer.content.decode()
    assert stranger.get(f"{staff}/order/?q={made.order_id}").status_code == 200
    assert stranger.post(f"{staff}/order/{made.pk}/change/", {"state": "settled"}).status_code == 403
    assert stranger.post(f"{staff}/order/{made.pk}/delete/", {"post": "yes"}).status_code == 403
    assert stranger.get(f"{staff}/order/add/").status_code == 403


def test_the_request_on_the_page_for_developers_works_as_it_stands(chains: None, stranger: Client) -> None:
    text = html.unescape(stranger.get("/developers").content.decode())
    asked = re.search(r"-d '(\{[^']*\})'", text)
    pay = re.search(r"http://testserver(/pay\?\S+?)<", text)
    assert asked and pay
    Intent.parse(json.loads(asked[1]))
    assert stranger.get(pay[1]).status_code == 200
