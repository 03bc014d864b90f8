"""The box for a sentence: with scripts it fills the form's fields, without them it is a page and a link."""

import pytest
from django.test import Client

from . import rows

WISH = "send 25 USDC from Birch to Alder"


def test_a_sentence_is_a_link_to_a_filled_form(chains: None, stranger: Client) -> None:
    text = stranger.get("/say", {"say": WISH}).content.decode()
    assert "<html" in text
    assert f'value="{WISH}"' in text
    assert '<option value="birch:USDC" selected>' in text
    assert '<option value="alder:USDC" selected>' in text
    assert 'value="25"' in text
    assert "data-complete" in text


def test_scripts_get_the_fields_and_what_was_understood(chains: None, stranger: Client) -> None:
    text = stranger.get("/say", {"say": WISH}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in text
    assert '<option value="birch:USDC" selected>' in text
    assert 'id="said" class="said" role="status" hx-swap-oob="true"' in text


@pytest.mark.parametrize(("language", "asked"), [("en", "From which chain?"), ("zh-CN", "从哪条链转出？")])
def test_what_is_missing_is_asked_with_buttons(
    chains: None, stranger: Client, language: str, asked: str
) -> None:
    text = stranger.get(
        "/say", {"say": "move 5 USDC to Birch"}, headers={"accept-language": language}
    ).content.decode()
    assert asked in text
    assert 'value="move 5 USDC to Birch from Alder"' in text
    # The end that was not said is not filled with an example.
    assert '<option value="" selected disabled>' in text
    assert '<option value="alder:USDC" selected>' not in text
    assert "data-complete" not in text


def test_the_last_of_two_sentences_is_the_answer(chains: None, stranger: Client) -> None:
    text = stranger.get("/say?say=move+5+USDC+to+Birch&say=move+5+USDC+to+Birch+from+Alder").content.decode()
    assert "data-complete" in text


def test_what_was_not_understood_is_marked_and_only_text(chains: None, stranger: Client) -> None:
    text = stranger.get("/say", {"say": f"{WISH} <b>soon</b> to bob.eth"}).content.decode()
    assert "soon</mark>" in text
    assert "bob.eth</mark>" in text
    assert "names are not looked up here" in text
    assert "<b>" not in text


def test_everything_needs_a_wallet(chains: None, stranger: Client) -> None:
    text = stranger.get("/say", {"say": "send all USDC from Birch to Alder"}).content.decode()
    assert "connect your wallet" in text
    assert "data-complete" not in text
    assert stranger.get("/say", {"say": WISH, "user": "mallory"}).status_code == 400


def test_an_empty_sentence_is_the_plain_form(chains: None, stranger: Client) -> None:
    text = stranger.get("/say", {"say": " "}).content.decode()
    assert '<option value="alder:USDC" selected>' in text


def test_the_example_is_a_sentence_that_is_understood(chains: None, stranger: Client) -> None:
    from intents.services.saying import understood
    from intents.web.said import example_sentence

    assert understood(example_sentence()).is_complete
    assert example_sentence() in stranger.get("/").content.decode()


@pytest.mark.parametrize("source", ["901:USDC", "ALDER:usdc", "alder:USDC", f"alder:{rows.USDC[901]}"])
def test_a_link_may_name_chains_by_number_and_tokens_by_address(
    chains: None, stranger: Client, source: str
) -> None:
    text = stranger.get("/", {"from": source, "to": "902:weth", "amount": "3"}).content.decode()
    assert '<option value="alder:USDC" selected>' in text
    assert '<option value="birch:WETH" selected>' in text


def test_a_link_to_what_is_not_here_chooses_nothing(chains: None, stranger: Client) -> None:
    text = stranger.get("/", {"from": "alder:NOPE", "to": "99999:USDC"}).content.decode()
    assert text.count('<option value="" selected disabled>') == 2
