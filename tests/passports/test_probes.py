"""A passport says what was measured: nodes that lag or lie, contracts that are missing, tokens as they behave."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.manifest import ChainManifest, Contract, Endpoint, TokenManifest
from intents.chains.node import Node as ChainNode
from intents.chains.node_errors import Request
from intents.contracts.loader import load_file
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.network import Network
from intents.passports import token_probe
from intents.passports.chain_probe import probe_chain
from intents.passports.finality import DATA_LAYERS, STACKS, finality_of
from intents.passports.fork import NoFork, forked
from intents.passports.passport import PRESENT, Passport, passport_from_json
from intents.passports.token_probe import probe_tokens
from intents.passports.tokens import TokenReport
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import ALICE, ANVIL, BOB, Node
from tests.faults.conftest import Proxies

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

TOKENS = Path(__file__).parents[1] / "contracts" / "tokens"
Deploy = Callable[[str], str]


def codes(report: Passport | TokenReport) -> set[str]:
    """What keeps it from new transfers."""
    return {finding.code for finding in report.findings if finding.is_bad}


def token(address: str, **claims: object) -> TokenManifest:
    values = {"symbol": "ODD", "name": "Odd", "decimals": 18, "canonical_id": "odd", **claims}
    return TokenManifest(address=address, **values)  # type: ignore[arg-type]


def measured(node: Node, claim: TokenManifest, *, held_by: str = "") -> TokenReport:
    contracts = {"holder": Contract(held_by)} if held_by else {}
    return probe_tokens(manifest_for(node.url, tokens=(claim,), contracts=contracts))[0]


@pytest.fixture
def deploy(node: Node) -> Deploy:
    return lambda name: node.deploy("0x" + load_file(TOKENS / f"{name}.vy").bytecode.hex())


def send(node: Node, to: str, signature: str, *arguments: object) -> None:
    data = "0x" + encode_call(signature, list(arguments)).hex()
    node.rpc("eth_sendTransaction", {"from": ALICE, "to": to, "data": data})
    node.rpc("anvil_mine", "0x1")


def test_a_healthy_chain_has_a_clean_passport(network: Network) -> None:
    for manifest in network.manifests.values():
        passport = probe_chain(manifest)
        assert passport.is_good, passport.findings
        assert passport.has_eip1559 and passport.has_eip7702 and passport.has_overrides
        assert passport.head is not None and passport.endpoints[0].log_blocks == 10_000
        for name in ("create2_deployer", "permit2", "multicall3", *manifest.contracts):
            assert passport.contracts[name].state == PRESENT, name
        assert passport_from_json(passport.to_json()) == passport


def test_the_manifests_of_the_network_claim_of_their_tokens_what_is_so(network: Network) -> None:
    for manifest in network.manifests.values():
        for report in probe_tokens(manifest):
            assert report.is_good, (manifest.slug, report)
            assert report.facts.tax_bps == 0 and report.facts.transfers


def test_real_usdc_and_its_neighbours(network: Network) -> None:
    found = {report.token.symbol: report.facts for report in probe_tokens(network.manifest("alder"))}
    usdc = found["USDC"]
    assert (usdc.permit, usdc.eip3009, usdc.pausable, usdc.blacklists) == ("eip2612", "bytes,vrs", True, True)
    assert (found["USDT"].answers, found["USDT"].permit) == ("nothing", "none")
    assert (found["WETH"].form, found["hypUSDC"].form) == ("wrapped_native", "synthetic")


def test_a_lie_in_the_manifest_is_found_out(network: Network) -> None:
    alder = network.manifest("alder")
    usdt, hyp = alder.token("USDT"), alder.token("hypUSDC")
    lies = (
        replace(usdt, permit="eip2612", eip3009="vrs", decimals=8),
        replace(hyp, is_synthetic=False),
    )
    first, second = probe_tokens(replace(alder, tokens=lies))
    assert codes(first) == {"permit_missing", "eip3009_missing", "decimals_differ"}
    assert codes(second) == {"not_canonical"}


def test_a_token_that_its_issuer_paused_is_not_good(fresh_network: Network) -> None:
    alder = fresh_network.manifest("alder")
    usdc = next(report for report in probe_tokens(alder) if report.token.symbol == "USDC")
    assert usdc.is_good
    rpc = fresh_network.rpc("alder")
    pauser = rpc.call(usdc.token.address, "pauser()", returns="address")
    rpc.request("anvil_impersonateAccount", pauser)
    rpc.request("anvil_setBalance", pauser, hex(10**18))
    sent = {"from": pauser, "to": usdc.token.address, "data": "0x8456cb59", "gasPrice": hex(10**11)}
    rpc.request("eth_sendTransaction", sent)
    fresh_network.mine("alder")
    assert codes(next(r for r in probe_tokens(alder) if r.token.symbol == "USDC")) == {"paused_by_issuer"}


def test_a_holder_that_trades_while_we_look_is_no_rebase(
    node: Node, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = deploy("odd_token")
    send(node, odd, "mint(address,uint256)", ALICE, 10**18)
    whole = ChainNode.batch

    def traded_between(self: ChainNode, reads: Sequence[Request]) -> list[object]:
        if not any("time" in part for _method, params in reads for part in params if isinstance(part, dict)):
            return whole(self, reads)
        answers: list[object] = []
        for read in reads:
            answers += whole(self, [read])
            send(node, odd, "transfer(address,uint256)", BOB, 1)
        return answers

    monkeypatch.setattr(ChainNode, "batch", traded_between)
    report = measured(node, token(odd), held_by=ALICE)
    assert report.facts.holder == ALICE
    assert report.is_good and not report.facts.rebases


def test_what_is_wrong_for_a_moment_only_holds_no_token(
    node: Node, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = deploy("odd_token")
    send(node, odd, "set_fee(uint256)", 37)
    whole, looks = token_probe._look, []

    def mended_after(*asked: Any) -> list[TokenReport]:
        found = whole(*asked)
        looks.append(found)
        send(node, odd, "set_fee(uint256)", 0)
        return found

    monkeypatch.setattr(token_probe, "_look", mended_after)
    assert measured(node, token(odd)).is_good
    assert [[each.is_good for each in found] for found in looks] == [[False], [True]]


def test_a_tax_is_measured(node: Node, deploy: Deploy) -> None:
    odd = deploy("odd_token")
    assert measured(node, token(odd)).is_good
    send(node, odd, "set_fee(uint256)", 37)
    report = measured(node, token(odd))
    assert codes(report) == {"taxed"} and report.facts.tax_bps == 37
    assert measured(node, token(odd, is_transfer_taxed=True)).is_good


def test_a_token_that_answers_false_and_moves_nothing(node: Node, deploy: Deploy) -> None:
    odd = deploy("odd_token")
    send(node, odd, "set_answer(bytes)", bytes(32))
    assert codes(measured(node, token(odd))) == {"transfers_fail", "answers_false"}


def test_where_a_node_has_no_overrides_a_fork_is_asked(
    node: Node, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = deploy("odd_token")
    send(node, odd, "set_fee(uint256)", 5)
    monkeypatch.setenv("WAYMEET_ANVIL", str(ANVIL))
    with forked(node.url, chain_id=CHAIN_ID) as url:
        (report,) = probe_tokens(manifest_for(node.url, tokens=(token(odd),)), url=url)
    assert report.facts.tax_bps == 5
    monkeypatch.setenv("WAYMEET_ANVIL", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoFork), forked(node.url, chain_id=CHAIN_ID):
        pass


def test_balances_that_grow_by_themselves_and_what_an_owner_may_do(node: Node, deploy: Deploy) -> None:
    ebb = deploy("ebb_token")
    send(node, ebb, "mint(address,uint256)", ALICE, 10**12)
    report = measured(node, token(ebb, decimals=6), held_by=ALICE)
    assert codes(report) == {"rebases"}
    assert (report.facts.pausable, report.facts.blacklists, report.facts.is_paused) == (True, True, False)
    assert {"pausable_unsaid", "blacklists"} <= {finding.code for finding in report.findings}


def test_balances_that_somebody_changes_by_a_call(node: Node) -> None:
    """Whoever may: the probe plays the one whom the token names, without a key."""
    code = "0x" + load_file(TOKENS / "tide_token.vy").bytecode.hex()
    tides, still = (node.deploy(code + policy[2:].lower().zfill(64)) for policy in (BOB, ZERO_ADDRESS))
    for address in (tides, still):
        send(node, address, "mint(address,uint256)", ALICE, 10**12)
    tidal = measured(node, token(tides, decimals=6), held_by=ALICE)
    assert codes(tidal) == {"rebases"} and tidal.facts.rebases
    assert not measured(node, token(still, decimals=6), held_by=ALICE).facts.rebases, "nobody may"


def chain_of(*urls: str, **changes: object) -> ChainManifest:
    return manifest_for("", endpoints=tuple(Endpoint(url) for url in urls), **changes)


def test_endpoints_are_measured_against_the_best_peer(node: Node, proxies: Proxies) -> None:
    node.rpc("anvil_mine", "0x20")
    lagging, lying, well = proxies(3)
    lagging.set(Fault(Mode.STALE_HEAD, blocks=12))
    lying.set(Fault(Mode.WRONG_CHAIN))
    passport = probe_chain(chain_of(lagging.url, lying.url), peers=[well.url])
    ills = [(each.ill, each.lag_blocks) for each in passport.endpoints]
    assert ills == [("lagging", 12), ("wrong_chain", None), ("", 0)]
    assert codes(passport) == {"too_few_endpoints"}
    lagging.set()
    assert probe_chain(chain_of(lagging.url, lying.url)).is_good
    assert passport.chain_id == CHAIN_ID


def test_a_contract_that_is_not_there_or_another_one(node: Node) -> None:
    wanted = {"mailbox": Contract(ALICE), "permit2": Contract("0x000000000022D473030F116dDEE9F6B43aC78BA3")}
    found = probe_chain(chain_of(node.url, contracts=wanted))
    assert {f.params["name"] for f in found.findings if f.code == "contract_absent"} >= {"mailbox"}
    multicall = Contract("0xcA11bde05977b3631167028862bE2a173976CA11", "0x" + "12" * 32)
    node.rpc("anvil_setCode", multicall.address, "0x6001")
    assert codes(probe_chain(chain_of(node.url, contracts={"multicall3": multicall}))) == {"contract_differs"}


def test_finality_is_known_for_every_stack_whose_data_are_somewhere_known() -> None:
    for stack in STACKS:
        for layer in DATA_LAYERS:
            known = finality_of(stack, layer)
            assert known.is_known == ("other" not in (stack, layer))
            if known.ordered_seconds is not None and known.settled_seconds is not None:
                assert 13 * 60 < known.ordered_seconds <= known.settled_seconds
    assert finality_of("opstack", "ethereum").ordered_seconds == 25 * 60
    assert finality_of("nonsense", "").stack == "other"
