"""The pages' scripts agree with our Python and with the contracts' vectors, and refuse what differs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from intents.chains.calls import encode_call
from intents.devnet.network import Network
from intents.selectors.amounts import shown_amount
from intents.selectors.network import network_json
from intents.settlement.calls import open_by_user
from intents.settlement.destination_call import DestinationCall, encode_destination_call
from intents.settlement.order import int_to_address, order_from_json
from intents.settlement.typed_data import digest, eip3009_typed_data, permit2_typed_data
from tests.scripts import MODULES, VECTORS, run_script

PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
SETTLER = "0x" + "5e" * 20
TOKEN = {"name": "USD Coin", "version": "2"}


USUAL = {
    "order": "* as order",
    "trust": "* as trust",
    "ways/eip3009": "* as eip3009",
    "ways/permit2": "* as permit2",
    "open-call": "* as opening",
    "ways/index": "* as ways",
    "amounts": "* as amounts",
}


def run(script: str, given: Any, *, imports: Mapping[str, str] | None = None) -> Any:
    """What the body of a function of `input` returns for JSON `given`.

    `imports` are further modules by path with what is imported of them.
    """
    wanted = {f"{MODULES}/{path}": what for path, what in {**(imports or {}), **USUAL}.items()}
    return run_script(script, given, imports=wanted)


def test_order_ids_are_those_of_the_contracts() -> None:
    found = run("return input.map((v) => order.orderId(v.order, v.settler));", VECTORS)
    assert found == [vector["order_id"] for vector in VECTORS]


def test_permit2_digests_are_pythons() -> None:
    found = run(
        f"return input.map((v) => order.digest(permit2.typedData(v.order, "
        f'{{ settler: v.settler, permit2: "{PERMIT2}" }})));',
        VECTORS,
    )
    for vector, mine in zip(VECTORS, found, strict=True):
        data = permit2_typed_data(
            order_from_json(vector["order"]), settler=vector["settler"], permit2=PERMIT2
        )
        assert mine == "0x" + digest(data).hex(), vector["name"]


def test_eip3009_digests_are_pythons() -> None:
    single = [vector for vector in VECTORS if len(vector["order"]["inputs"]) == 1]
    found = run(
        f"return input.map((v) => order.digest(eip3009.typedData(v.order, "
        f"{{ settler: v.settler, token: {json.dumps(TOKEN)} }})));",
        single,
    )
    for vector, mine in zip(single, found, strict=True):
        made = order_from_json(vector["order"])
        data = eip3009_typed_data(
            made,
            settler=vector["settler"],
            token_name=TOKEN["name"],
            token_version=TOKEN["version"],
            token=int_to_address(made.inputs[0][0]),
        )
        assert mine == "0x" + digest(data).hex(), vector["name"]


def test_what_the_wallet_itself_sends_is_pythons() -> None:
    single = [vector for vector in VECTORS if len(vector["order"]["inputs"]) == 1]
    found = run(
        "return input.map((v) => [opening.openCall(v.order), "
        "opening.approveCall(v.settler, v.order.inputs[0][1])]);",
        single,
    )
    for vector, (opened, approved) in zip(single, found, strict=True):
        order = order_from_json(vector["order"])
        *approval, last = open_by_user(order, settler=vector["settler"])
        assert opened == "0x" + last.data.hex(), vector["name"]
        assert [approved] == ["0x" + call.data.hex() for call in approval] or order.inputs[0][0] == 0


def test_amounts_are_shown_alike() -> None:
    cases = [
        (0, 6),
        (1, 6),
        (100 * 10**6, 6),
        (123456789, 6),
        (31257123456789012, 18),
        (1, 18),
        (10**30, 18),
        (7, 0),
    ]
    given = [[str(units), decimals] for units, decimals in cases]
    found = run("return input.map(([units, decimals]) => amounts.shownAmount(units, decimals));", given)
    assert found == [shown_amount(units, decimals) for units, decimals in cases]


def test_what_is_confirmed_is_said_to_the_last_digit() -> None:
    given = [["1234123456789012345678", 18], ["100000000", 6], ["1", 18]]
    found = run("return input.map(([units, decimals]) => amounts.fullAmount(units, decimals));", given)
    assert found == ["1,234.123456789012345678", "100", "0.000000000000000001"]


def pad(address: str) -> str:
    return "0x" + address[2:].rjust(64, "0").lower()


USER, USDC, WETH, ORACLE = "0x" + "a1" * 20, "0x" + "c1" * 20, "0x" + "d2" * 20, "0x" + "0a" * 20
ORDER = {
    "user": USER,
    "nonce": "7",
    "originChainId": "901",
    "expires": "1800001800",
    "fillDeadline": "1800000600",
    "inputOracle": ORACLE,
    "inputs": [[str(int(USDC, 16)), "100000000"]],
    "outputs": [
        {
            "oracle": pad(ORACLE),
            "settler": pad(SETTLER),
            "chainId": "902",
            "token": pad(WETH),
            "amount": "30",
            "recipient": pad(USER),
            "callbackData": "0x",
            "context": "0x",
        }
    ],
}
CHAIN: dict[str, Any] = {
    "contracts": {
        "input_settler": SETTLER,
        "output_settler": SETTLER,
        "hyperlane_oracle": ORACLE,
        "permit2": PERMIT2,
    },
    "tokens": [{"address": USDC, "eip3009": "bytes", **TOKEN}],
}
SHOWN = {
    "user": USER,
    "recipient": USER,
    "origin": "901",
    "destination": "902",
    "inputToken": USDC,
    "inputAmount": "100000000",
    "outputToken": WETH,
    "outputMinimum": "30",
}
CHECK = """
    const { way, shown } = input;
    const origin = { ...input.chain, chain_id: "901" }, destination = { ...input.chain, chain_id: "902" };
    const claimedId = input.claimedId ?? order.orderId(input.order, origin.contracts.input_settler);
    try {
        const now = 1800000000;
        const checked = order.checkedOrder({ order: input.order, claimedId, shown, origin, destination, now });
        ways.wayNamed(way, shown).prepare({ ...checked, order: input.order, origin, shown });
        return "signed";
    } catch (error) {
        if (!(error instanceof order.RefusedToSign)) throw error;
        return error.reason;
    }
"""


def verdict(made: dict[str, Any] | None = None, **changes: Any) -> Any:
    given = {"order": made or ORDER, "way": "eip3009", "shown": SHOWN, "chain": CHAIN, **changes}
    return run(CHECK, given)


@pytest.mark.parametrize("way", ["eip3009", "permit2"])
def test_an_order_as_shown_is_signed(way: str) -> None:
    assert verdict(way=way) == "signed"


def with_output(**changes: str) -> dict[str, Any]:
    return {**ORDER, "outputs": [{**ORDER["outputs"][0], **changes}]}  # type: ignore[index, dict-item]


EVIL = "0x" + "ee" * 20
TAMPERED = {
    "user": {**ORDER, "user": EVIL},
    "origin": {**ORDER, "originChainId": "1"},
    "oracle": {**ORDER, "inputOracle": EVIL},
    "expires before the deadline": {**ORDER, "expires": "1"},
    "expires in years": {**ORDER, "expires": "4000000000"},
    "a deadline in years": {**ORDER, "fillDeadline": "4000000000", "expires": "4000000600"},
    "token": {**ORDER, "inputs": [[str(int(WETH, 16)), "100000000"]]},
    "amount": {**ORDER, "inputs": [[str(int(USDC, 16)), "100000001"]]},
    "second input": {**ORDER, "inputs": [*ORDER["inputs"], *ORDER["inputs"]]},  # type: ignore[list-item, misc]
    "second output": {**ORDER, "outputs": [*ORDER["outputs"], *ORDER["outputs"]]},  # type: ignore[list-item, misc]
    "no output": {**ORDER, "outputs": []},
    "recipient": with_output(recipient=pad(EVIL)),
    "dirty recipient": with_output(recipient="0x01" + pad(USER)[4:]),
    "output token": with_output(token=pad(EVIL)),
    "output amount": with_output(amount="29"),
    "output chain": with_output(chainId="903"),
    "output oracle": with_output(oracle=pad(EVIL)),
    "output settler": with_output(settler=pad(EVIL)),
    "call on arrival": with_output(callbackData="0x01"),
    "context": with_output(context="0x01"),
}


def test_tampered_orders_are_refused() -> None:
    given = [{"order": made, "way": "eip3009", "shown": SHOWN, "chain": CHAIN} for made in TAMPERED.values()]
    verdicts = run(f"return input.map((input) => {{ {CHECK} }});", given)
    for field, found in zip(TAMPERED, verdicts, strict=True):
        assert found in ("refused_differs", "refused_unknown"), field


EXECUTOR, VAULT = "0x" + "e1" * 20, "0x" + "f2" * 20
APP = {
    "slug": "vault",
    "name": "A vault",
    "target": VAULT,
    "token": WETH,
    "call": "deposit(uint256,address)",
    "arguments": ["amount", "recipient"],
    "gas": "200000",
}
CHAIN_WITH_APP = {**CHAIN, "contracts": {**CHAIN["contracts"], "call_executor": EXECUTOR}, "apps": [APP]}
SHOWN_WITH_APP = {**SHOWN, "app": APP}


def arriving(
    *, amount: int = 30, target: str = VAULT, recipient: str = USER, receiver: str = USER, gas: int = 200_000
) -> dict[str, Any]:
    """The order whose output goes into the vault, as Python encodes it."""
    data = encode_call("deposit(uint256,address)", [amount, receiver])
    call = DestinationCall(recipient=recipient, target=target, data=data, gas=gas)
    return with_output(recipient=pad(EXECUTOR), callbackData="0x" + encode_destination_call(call).hex())


def verdict_of_call(made: dict[str, Any], **changes: Any) -> Any:
    return verdict(made, **{"chain": CHAIN_WITH_APP, "shown": SHOWN_WITH_APP, **changes})


def test_a_call_as_shown_is_signed_and_any_other_is_not() -> None:
    assert verdict_of_call(arriving()) == "signed"
    assert verdict_of_call(arriving(amount=29)) == "refused_differs"
    assert verdict_of_call(arriving(target=EVIL)) == "refused_differs"
    assert verdict_of_call(arriving(recipient=EVIL)) == "refused_differs"
    assert verdict_of_call(arriving(receiver=EVIL)) == "refused_differs"
    assert verdict_of_call(arriving(gas=1)) == "refused_differs"
    assert verdict_of_call(ORDER) == "refused_differs", "what is shown to end in the app does"
    assert verdict_of_call(arriving(), shown=SHOWN) == "refused_differs", "and nothing else does"
    assert verdict_of_call(arriving(), chain=CHAIN) == "refused_unknown", "a chain without an executor"


def test_nothing_goes_to_the_executor_without_a_call() -> None:
    made = with_output(recipient=pad(EXECUTOR))
    assert verdict_of_call(made, shown={**SHOWN, "recipient": EXECUTOR}) == "refused_differs"


def test_gas_on_arrival_is_signed_only_as_it_is_shown() -> None:
    [output] = ORDER["outputs"]  # type: ignore[misc]
    gas = {**output, "token": pad("0x"), "amount": "7000"}  # type: ignore[dict-item]
    shown = {**SHOWN, "gasOnArrival": "7000"}
    assert verdict({**ORDER, "outputs": [output, gas]}, shown=shown) == "signed"
    assert verdict({**ORDER, "outputs": [output, gas]}) == "refused_differs", "it was not shown"
    assert verdict(shown=shown) == "refused_differs", "it was shown and is not there"
    for field, value in (("amount", "6999"), ("recipient", pad(EVIL)), ("callbackData", "0x01")):
        changed = {**gas, field: value}
        assert verdict({**ORDER, "outputs": [output, changed]}, shown=shown) == "refused_differs", field


def test_coins_are_named_as_the_page_knows_them_not_as_wallets_are_told() -> None:
    """What wallets add a chain with is in no hash: with other decimals there, dust would look like a fortune."""
    coin = {"address": "0x" + "00" * 20, "symbol": "ETH", "decimals": "18"}
    chain = {"tokens": [coin], "wallet": {"nativeCurrency": {"symbol": "ETH", "decimals": 12}}}
    said = run('return review.coins("2000000000000000", input);', chain, imports={"review": "* as review"})
    assert said == "0.002 ETH"


def test_coins_are_paid_and_batches_are_exact() -> None:
    coin = {**ORDER, "inputs": [["0", "100000000"]]}
    native = {"address": "0x" + "00" * 20, "eip3009": "none", "name": "Ether", "version": ""}
    chain = {**CHAIN, "tokens": [*CHAIN["tokens"], native]}
    shown = {**SHOWN, "inputToken": native["address"]}
    assert verdict(made=coin, way="native", shown=shown, chain=chain) == "signed"
    assert verdict(made=coin, way="batch", shown=shown, chain=chain) == "refused_differs"
    assert verdict(way="native") == "refused_differs"
    assert verdict(way="batch") == "signed"


def test_who_typed_where_the_money_comes_back_to_pays_to_the_orders_address_only() -> None:
    """A page altered on its way could name its own address there and have the wallet pay for it."""
    contracts = {**CHAIN["contracts"], "deposit_implementation": EVIL}
    chain = {**CHAIN, "contracts": contracts, "name": "Alder"}
    shown = {**SHOWN, "isPaidElsewhere": True}
    assert verdict(way="deposit", shown=shown, chain=chain) == "signed"
    for way in ("native", "batch", "eip3009", "permit2", "permit"):
        assert verdict(way=way, shown=shown, chain=chain) == "refused_differs", way


def test_coins_have_no_address_to_be_paid_to() -> None:
    contracts = {**CHAIN["contracts"], "deposit_implementation": EVIL}
    coin = {**ORDER, "inputs": [["0", "100000000"]]}
    shown = {**SHOWN, "inputToken": "0x" + "00" * 20}
    chain = {**CHAIN, "contracts": contracts, "name": "Alder"}
    assert verdict(made=coin, way="deposit", shown=shown, chain=chain) == "refused_differs"


def test_an_order_id_that_is_not_the_orders() -> None:
    assert verdict(claimedId="0x" + "12" * 32) == "refused_differs"


def test_a_way_the_token_does_not_have() -> None:
    plain = {**CHAIN, "tokens": [{"address": USDC, "eip3009": "none", **TOKEN}]}
    assert verdict(chain=plain) == "refused_differs"
    assert verdict(way="something") == "refused_differs"


TRUSTED = """
    const text = JSON.stringify({ chain_id: input.claims ?? "901", contracts: input.contracts, tokens: [] });
    const { compiled, settler, permit2, deviating = {} } = input;
    const trusted = { ...compiled, settler, permit2, deviating, chains: {} };
    try {
        return trust.trustedChain({ "901": { trust: text, wallet: {} } }, "901", trusted).isAdded ? "added" : "known";
    } catch (error) {
        return error.reason;
    }
"""


def trusted(**changes: Any) -> Any:
    given = {"settler": SETTLER, "permit2": PERMIT2, "contracts": CHAIN["contracts"], **changes}
    return run(TRUSTED, given)


def test_the_compiled_addresses_outrank_the_server() -> None:
    assert trusted() == "added"
    assert trusted(settler=EVIL) == "refused_settler"
    assert trusted(settler="") == "refused_settler", "a bundle built without addresses signs nothing"
    assert trusted(permit2=EVIL) == "refused_unknown"
    assert trusted(claims="902") == "refused_differs"
    assert trusted(settler=EVIL, deviating={"901": {"settler": SETTLER}}) == "added"


@pytest.mark.parametrize("name", ["call_executor", "deposit_implementation"])
def test_the_compiled_executor_and_deposit_code_outrank_the_server(name: str) -> None:
    claimed = {**CHAIN["contracts"], name: EVIL}
    assert trusted(contracts=claimed, compiled={name: SETTLER}) == "refused_unknown"
    assert trusted(contracts=claimed) == "refused_unknown", "a bundle built without it believes none"
    assert trusted(contracts=claimed, compiled={name: EVIL}) == "added"
    assert trusted(compiled={name: SETTLER}) == "added", "a chain may lack it"


@pytest.mark.chain
def test_what_is_compiled_in_is_what_the_network_has(registered: Network, tmp_path: Path) -> None:
    """`manage.py trust` and the page agree on real deployments: nothing is shown as added or refused."""
    output = tmp_path / "trust.json"
    call_command("trust", output=output, verbosity=0)
    compiled = json.loads(output.read_text("utf-8"))
    given = {"network": network_json(), "trust": compiled}
    script = """
        return Object.keys(input.network).map((id) => {
            const chain = trust.trustedChain(input.network, id, input.trust);
            return [id, chain.name, chain.isAdded];
        });
    """
    found = run(script, given)
    expected = [[str(m.chain_id), m.name, False] for m in registered.manifests.values()]
    assert sorted(found) == sorted(expected)
    assert compiled["deviating"] == {}
    birch = registered.manifest("birch")
    assert compiled["call_executor"] == birch.address("call_executor")
    assert compiled["deposit_implementation"] == birch.address("deposit_implementation")

    given["network"]["901"]["trust"] = given["network"]["901"]["trust"].replace(
        '"decimals":"6"', '"decimals":"7"'
    )
    assert [is_added for id_, _, is_added in run(script, given) if id_ == "901"] == [True]
