"""Tokens and chains that a probe finds wanting take nothing new, say why, and come back by themselves."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from intents.devnet.network import Network
from intents.engine.brakes import refuse_braked
from intents.models import Chain, ChainPassport, Pause, TokenPassport
from intents.passports import records, rounds
from intents.passports.tokens import TokenFacts, TokenReport, judge
from intents.selectors.pauses import braked_words, paused_words
from intents.services.passports import chain_probe_due, probes_sweep
from intents.services.staff import pauses as staff_pauses
from intents.services.words import text
from tests.console.actors import actor, form

pytestmark = [pytest.mark.chain, pytest.mark.django_db]
ALDER = 901


def refusal(network: Network, *, give: str = "USDC") -> str:
    found = refuse_braked(
        origin_id=ALDER,
        input_token=network.manifest("alder").token(give).address,
        destination_id=902,
        output_token=network.manifest("birch").token("WETH").address,
    )
    return text(found.code, found.params) if found is not None else ""


def issuer(network: Network, data: str) -> None:
    """What the issuer of Alder's USDC does with its key."""
    rpc, usdc = network.rpc("alder"), network.manifest("alder").token("USDC").address
    pauser = rpc.call(usdc, "pauser()", returns="address")
    rpc.request("anvil_impersonateAccount", pauser)
    rpc.request("anvil_setBalance", pauser, hex(10**18))
    rpc.request("eth_sendTransaction", {"from": pauser, "to": usdc, "data": data, "gasPrice": hex(10**11)})
    network.mine("alder")


def test_a_probe_that_can_move_nothing_lets_no_token_go(registered: Network) -> None:
    manifest = registered.manifest("alder")
    chain_probe_due(ALDER)
    taxed, unmoved = (
        [
            TokenReport(token, facts, judge(token, facts))
            for token in manifest.tokens
            for facts in [TokenFacts(decimals=token.decimals, holder="0x1", transfers=moves, tax_bps=tax)]
        ]
        for moves, tax in ((True, 37), (None, None))
    )
    records.write_tokens(ALDER, taxed)
    assert refusal(registered) != ""
    records.write_tokens(ALDER, unmoved)
    assert (
        refusal(registered) != "" and not TokenPassport.objects.filter(chain_id=ALDER, is_good=True).exists()
    )
    chain_probe_due(ALDER)
    assert refusal(registered) == ""


def test_a_token_that_its_issuer_pauses_is_held_within_two_rounds_and_comes_back(registered: Network) -> None:
    manifest, bad = registered.manifest("alder"), Counter[tuple[int, str]]()
    chain_probe_due(ALDER)
    assert TokenPassport.objects.filter(chain_id=ALDER, is_good=True).count() == len(manifest.tokens)
    for _ in range(2):
        rounds.look(manifest, bad)
    assert refusal(registered) == ""
    issuer(registered, "0x8456cb59")
    for _ in range(2):
        rounds.look(manifest, bad)
    said = refusal(registered)
    assert "USDC on Alder" in said and "its issuer has paused it" in said
    assert "its issuer has paused it" in " ".join(braked_words()[ALDER])
    assert refusal(registered, give="USDT") == "", "the other tokens go on"
    issuer(registered, "0x3f4ba83a")
    rounds.look(manifest, bad)
    assert refusal(registered) == "" and not Pause.objects.filter(ended_at=None).exists()


def test_one_bad_round_is_a_hiccup(registered: Network) -> None:
    manifest, bad = registered.manifest("alder"), Counter[tuple[int, str]]()
    chain_probe_due(ALDER)
    issuer(registered, "0x8456cb59")
    rounds.look(manifest, bad)
    assert refusal(registered) == ""


def test_what_a_person_holds_no_probe_lets_go(registered: Network) -> None:
    usdc = registered.manifest("alder").token("USDC").address
    records.hold_token(ALDER, usdc, {"taxed"})
    staff_pauses.pause(
        "token", "alder:USDC", actor("operator"), form("alder:USDC", reason="its bridge is looked into")
    )
    records.hold_token(ALDER, usdc, ())
    assert "its bridge is looked into" in refusal(registered)
    records.hold_token(ALDER, usdc, {"taxed"})
    assert "its bridge is looked into" in refusal(registered)
    assert [brake.subject for brake, _ in staff_pauses.pulled()] == ["alder:USDC"]


def test_a_chain_whose_contract_became_another_one_takes_nothing_new(registered: Network) -> None:
    chain_probe_due(ALDER)
    assert ChainPassport.objects.get(pk=ALDER).is_good
    settler = registered.manifest("alder").address("output_settler")
    code = registered.rpc("alder").request("eth_getCode", settler, "latest")
    registered.rpc("alder").request("anvil_setCode", settler, "0x")
    chain_probe_due(ALDER)
    reason = Chain.objects.get(pk=ALDER).paused_reason
    assert reason == "passport contract_absent"
    assert "a contract that transfers need is not there" in paused_words(reason)
    assert "a contract that transfers need" in refusal(registered)
    registered.rpc("alder").request("anvil_setCode", settler, code)
    chain_probe_due(ALDER)
    assert Chain.objects.get(pk=ALDER).paused_reason == ""


def test_the_commands_tell_what_was_measured_and_end_badly_when_it_is_not_good(registered: Network) -> None:
    out = StringIO()
    call_command("chain", "probe", "alder", stdout=out)
    assert "EIP-2612" in out.getvalue() and "1 of 1" in out.getvalue()
    registered.rpc("alder").request(
        "anvil_setCode", registered.manifest("alder").address("output_settler"), "0x"
    )
    with pytest.raises(CommandError, match="not good"):
        call_command("chain", "probe", "alder", stdout=StringIO())
    out = StringIO()
    call_command("chain", "passport", "alder", stdout=out)
    assert "! a contract that transfers need is not there name output_settler" in out.getvalue()


def test_probes_are_due_once_an_hour_and_a_minute_after_a_bad_one(
    registered: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("intents.wake.probe", asked.append)
    assert probes_sweep() == 4 and sorted(asked) == [900, 901, 902, 903]
    chain_probe_due(ALDER)
    asked.clear()
    probes_sweep()
    assert ALDER not in asked
    monkeypatch.setattr("intents.services.passports.GOOD_SECONDS", 0)
    asked.clear()
    probes_sweep()
    assert asked[-1] == ALDER, "who was never probed comes first"
