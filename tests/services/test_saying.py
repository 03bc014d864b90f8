"""A plain sentence fills the form, in both languages; what is not understood or missing is never guessed."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents.chains import registry
from intents.devnet.profiles import RUNNING
from intents.services.saying import Saying, sentence, understood
from intents.services.saying.numbers import chinese
from tests.networks import odd_profiles

from .paper_networks import paper_manifest

SOMEBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

NETWORKS = {"usual": RUNNING, "odd": odd_profiles()}


@pytest.fixture(params=sorted(NETWORKS))
def network(request: pytest.FixtureRequest, db: None) -> Iterator[str]:
    """Both networks, one after the other."""
    registry.load([paper_manifest(profile) for profile in NETWORKS[request.param]])
    yield request.param
    registry.forget()


@pytest.fixture
def usual(db: None) -> Iterator[None]:
    registry.load([paper_manifest(profile) for profile in RUNNING])
    yield
    registry.forget()


def fields(said: Saying) -> tuple[str, str, str, str, str]:
    values = said.values
    return values["from"], values["to"], values["amount"], values["exact"], values["recipient"]


UNDERSTOOD = [
    ("把 Alder 的 100 USDC 换成 Birch 的 ETH", "alder:USDC", "birch:ETH", "100", "input"),
    ("swap 100 USDC on Alder for WETH on Birch", "alder:USDC", "birch:WETH", "100", "input"),
    ("Send 25 usdc from birch to cedar, please.", "birch:USDC", "cedar:USDC", "25", "input"),
    ("send 1,000.5 USDC from Alder to Birch", "alder:USDC", "birch:USDC", "1000.5", "input"),
    ("100 usdc 从 alder 到 cedar", "alder:USDC", "cedar:USDC", "100", "input"),
    ("从Alder转100USDC到Birch", "alder:USDC", "birch:USDC", "100", "input"),
    ("請把 Alder 的 1.5萬 USDC 轉到 Birch", "alder:USDC", "birch:USDC", "15000", "input"),
    ("把Ａｌｄｅｒ的１００ＵＳＤＣ换成Birch的WETH", "alder:USDC", "birch:WETH", "100", "input"),
    ("把 3千 USDC 从 Birch 转到 Alder", "birch:USDC", "alder:USDC", "3000", "input"),
    ("从 Birch 转一百五十 USDC 到 Alder", "birch:USDC", "alder:USDC", "150", "input"),
    ("bridge 2k usdc from alder to birch", "alder:USDC", "birch:USDC", "2000", "input"),
    ("move USDC from any chain to birch 40", "any:USDC", "birch:USDC", "40", "input"),
    ("to birch: 40 usdc from alder", "alder:USDC", "birch:USDC", "40", "input"),
    ("alder 100 USDC -> birch WETH", "alder:USDC", "birch:WETH", "100", "input"),
    ("get 0.05 WETH on Birch with USDC from Alder", "alder:USDC", "birch:WETH", "0.05", "output"),
    ("用 Alder 的 USDC 换 0.05 WETH 到 Birch", "alder:USDC", "birch:WETH", "0.05", "output"),
    ("buy 0.1 ether on Birch for USDC on Alder", "alder:USDC", "birch:ETH", "0.1", "output"),
    ("把 Summit 上的 0.01 比特币 转到 Cedar", "summit:WBTC", "cedar:WBTC", "0.01", "input"),
    ("send 5 USD Coin from Alder to Birch", "alder:USDC", "birch:USDC", "5", "input"),
]


@pytest.mark.parametrize(("text", "source", "target", "amount", "exact"), UNDERSTOOD)
def test_a_plain_sentence_fills_the_whole_form(
    usual: None, text: str, source: str, target: str, amount: str, exact: str
) -> None:
    said = understood(text)
    assert fields(said) == (source, target, amount, exact, ""), said
    assert said.is_complete, said


def about(said: Saying) -> dict[str, list[str]]:
    return {question.about: [choice.label for choice in question.choices] for question in said.questions}


def test_an_address_is_whom_it_is_for_and_the_chain_is_asked(usual: None) -> None:
    said = understood(f"send 25 usdc from birch to {SOMEBODY.lower()}")
    assert said.values["recipient"] == SOMEBODY
    assert about(said) == {"destination": ["Summit", "Alder", "Cedar"]}
    answered = understood(said.questions[0].choices[1].sentence)
    assert answered.is_complete
    assert fields(answered) == ("birch:USDC", "alder:USDC", "25", "input", SOMEBODY)


def test_everything_from_a_chain_that_is_asked(usual: None) -> None:
    said = understood("move all my USDC to Birch")
    assert said.is_all
    assert about(said) == {"origin": ["Summit", "Alder", "Cedar", "any chain"]}
    answered = understood(said.questions[0].choices[-1].sentence)
    assert answered.is_complete
    assert answered.values["from"] == "any:USDC"


def test_dollars_may_be_several_tokens(usual: None) -> None:
    said = understood("100 U 从 alder 到 birch")
    assert about(said) == {"input_token": ["USDC", "USDT"]}
    assert said.values["from"] == ""
    sentences = [choice.sentence for choice in said.questions[0].choices]
    assert [understood(each).values["from"] for each in sentences] == ["alder:USDC", "alder:USDT"]
    # Cedar has only one of them; whether that is meant is asked all the same.
    assert "input_token" in about(understood("100U 从 cedar 到 birch"))


LEFT = [
    ("send 25 usdc from birch to bob.eth", "bob.eth", "name"),
    ("把 25 USDC 从 Birch 转给小明", "小", "unknown"),
    ("send 50% of my usdc from birch to alder", "50%", "number"),
    ("send -5 usdc from birch to alder", "-5", "number"),
    ("send 1,5 usdc from birch to alder", "1,5", "number"),
    ("send 1e3 usdc from birch to alder", "1e3", "number"),
    ("send 25 usdc from birch to alder tomorrow", "tomorrow", "unknown"),
    ("send 25 usdc from birch to alder and 5 to cedar", "5", "second"),
    ("send 25 usdc from birch to nowhere", "nowhere", "unknown"),
    ("send $25 usdc from birch to alder", "$", "unknown"),
    ("send 25 doge from birch to alder", "doge", "unknown"),
    ("send 25 USDT from cedar to alder", "USDT", "not_here"),
    ("send 25 usdc from birch to 0x1234", "0x1234", "address"),
    (f"send 25 usdc from birch to {SOMEBODY[:-1]}c on alder", f"{SOMEBODY[:-1]}c", "address"),
]


@pytest.mark.parametrize(("text", "left", "reason"), LEFT)
def test_what_is_not_understood_is_marked(usual: None, text: str, left: str, reason: str) -> None:
    said = understood(text)
    assert (left, reason) in [(piece.text, piece.reason) for piece in said.not_understood], said
    assert not said.is_complete
    assert "".join(piece.text for piece in said.pieces) == said.text


def test_a_number_is_asked_for_and_never_made_up(usual: None) -> None:
    said = understood("send USDC from Alder to Birch")
    assert said.values["amount"] == ""
    assert list(about(said)) == ["amount"]


def test_too_long_is_said(usual: None) -> None:
    said = understood("send 25 usdc from birch to alder" + " please" * 60)
    assert said.not_understood[-1].reason == "too_long"


def names(network: str) -> st.SearchStrategy[tuple[tuple[str, str, str], tuple[str, str, str]]]:
    ends = [(chain.slug, chain.name, token.symbol) for chain in NETWORKS[network] for token in chain.tokens]
    ends += [(chain.slug, chain.name, "ETH") for chain in NETWORKS[network]]
    return st.tuples(st.sampled_from(ends), st.sampled_from(ends))


AMOUNTS = st.decimals(min_value="0.000001", max_value="99999999", places=6).map(lambda value: f"{value:f}")


@settings(max_examples=150, suppress_health_check=CHECKS)
@given(data=st.data())
def test_every_canonical_sentence_is_read_back(network: str, data: st.DataObject) -> None:
    (slug, chain, token), (there, place, arriving) = data.draw(names(network))
    amount = data.draw(AMOUNTS)
    exact = data.draw(st.sampled_from(("input", "output")))
    recipient = data.draw(st.sampled_from(("", SOMEBODY)))
    is_named = data.draw(st.booleans())
    given_end = (chain if is_named else slug, token)
    wanted = (place if is_named else there, arriving)
    for in_chinese in (False, True):
        text = sentence(
            given=given_end,
            wanted=wanted,
            amount=amount,
            exact=exact,
            recipient=recipient,
            in_chinese=in_chinese,
        )
        said = understood(text)
        assert said.is_complete, (text, said)
        assert fields(said) == (f"{slug}:{token}", f"{there}:{arriving}", amount, exact, recipient), text


WORDS = st.sampled_from(
    "send swap get from to on for with all my 把 从 到 换成 用 给 的 U ETH USDC WBTC usd 100 3万 1,5 % "
    f"-> Alder birch quince {SOMEBODY} 0x12 bob.eth nonsense 一百 $ ， . İ ﬀ ０ \u0000 \ud800".split(" ")
)


@settings(max_examples=300, suppress_health_check=CHECKS)
@given(
    text=st.one_of(
        st.text(max_size=260), st.lists(WORDS, max_size=14).map(" ".join), st.lists(WORDS).map("".join)
    )
)
def test_nothing_makes_it_fail_and_nothing_is_lost(network: str, text: str) -> None:
    said = understood(text)
    assert "".join(piece.text for piece in said.pieces).removesuffix("…") == said.text.removesuffix("…")
    if said.is_complete:
        assert not said.not_understood
    for question in said.questions:
        for choice in question.choices:
            assert choice.sentence


@settings(max_examples=150, suppress_health_check=CHECKS)
@given(data=st.data())
def test_each_answer_answers_its_question(network: str, data: st.DataObject) -> None:
    (_, chain, token), (_, place, arriving) = data.draw(names(network))
    texts = (
        f"send 5 {token} from {chain}",
        f"send 5 {token} to {place}",
        f"把 5 {token} 转到 {place}",
        f"swap 5 {token} on {chain} for {arriving}",
        f"get 5 {arriving} on {place} from {chain}",
        f"5 U 从 {chain} 到 {place}",
        f"把 {chain} 的 5 {token} 换成 {arriving}",
    )
    asked = understood(data.draw(st.sampled_from(texts)))
    for question in asked.questions:
        for choice in question.choices:
            left = [each.about for each in understood(choice.sentence).questions]
            assert question.about not in left, (choice.sentence, left)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一", 1),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("一百零五", 105),
        ("两千三百", 2300),
        ("三万", 30_000),
        ("一百二十万", 1_200_000),
        ("二亿", 200_000_000),
        ("百", None),
        ("万", None),
        ("十百", None),
        ("一二", None),
    ],
)
def test_chinese_numerals_are_read_exactly_or_not_at_all(text: str, number: int | None) -> None:
    assert chinese(text) == number
