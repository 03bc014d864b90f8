"""The protocol page's tables and example say what the code does: a stranger computes with them."""

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from eth_utils import keccak

from intents.chains import limits
from intents.chains import manifest as manifests
from intents.chains.app import App
from intents.chains.bridge import BRIDGE_KINDS, BridgeManifest
from intents.contracts.addresses import CREATE2_DEPLOYER, SALT, deposit_address_of
from intents.contracts.loader import load
from intents.joining.asked import PROOFS
from intents.passports.finality import DATA_LAYERS, STACKS
from intents.settlement import order as orders
from intents.settlement import proofs, typed_data
from intents.settlement.destination_call import MAX_CALL_BYTES, MAX_CALL_GAS
from intents.settlement.order import ORDER_ABI, OUTPUT_ABI, SOLVE_PARAMS_ABI
from intents.solver.pricing import PricingRules

ROOT = Path(settings.BASE_DIR)
PAGE: Final = (ROOT / "docs" / "protocol.md").read_text("utf-8").partition("\n# Exact forms\n")[2]
ROW: Final = re.compile(r"^\|(.+)\|$", re.MULTILINE)


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables in one section, without head and rule."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    [text] = [part for part in section if part.startswith(heading)]
    found = [[cell.strip() for cell in row.split(" | ")] for row in ROW.findall(text)]
    return [row for row in found if row[0].strip("-") and not set(row[0]) <= {"-", "|"}][1:]


def code(cell: str) -> str:
    [text] = re.findall(r"`([^`]+)`", cell)[:1]
    return text


def vyper_constant(source: str, name: str) -> int:
    text = (ROOT / "intents" / "contracts" / source).read_text("utf-8")
    found = re.search(rf"^{name}: constant\(uint256\) = ([\d_]+)$", text, re.MULTILINE)
    assert found, name
    return int(found[1])


def whole(signature: str) -> str:
    """The page's short names as ABI types."""
    for short, abi in (("Order", ORDER_ABI), ("Output", OUTPUT_ABI), ("Solve", SOLVE_PARAMS_ABI)):
        signature = re.sub(rf"(?<=[(,]){short}(?=[,)\[])", abi, signature)
    return signature


def in_abi(contract: str, kind: str) -> set[str]:
    def of(item: dict[str, Any]) -> str:
        if not item["type"].startswith("tuple"):
            return str(item["type"])
        return f"({','.join(map(of, item['components']))}){item['type'].removeprefix('tuple')}"

    return {
        f"{entry['name']}({','.join(map(of, entry['inputs']))})"
        for entry in load(contract).abi
        if entry["type"] == kind
    }


def test_functions_have_these_selectors_and_nothing_else_moves_money() -> None:
    listed: dict[str, set[str]] = {}
    for contract, function, selector, _ in rows("Functions"):
        signature = whole(code(function))
        assert keccak(text=signature)[:4].hex() == code(selector)[2:], signature
        assert signature in in_abi(contract, "function")
        listed.setdefault(contract, set()).add(signature)
    for contract in ("input_settler", "output_settler"):
        others = {name.partition("(")[0] for name in in_abi(contract, "function") - listed[contract]}
        assert others <= {"PERMIT2", "DEPOSIT_IMPLEMENTATION"}


def test_events_have_these_topics_and_none_is_missing() -> None:
    listed: dict[str, set[str]] = {}
    for contract, event, topic in rows("Events"):
        signature = whole(code(event))
        assert keccak(text=signature).hex() == code(topic)[2:], signature
        listed.setdefault(contract, set()).add(signature)
    for contract, signatures in listed.items():
        assert signatures == in_abi(contract, "event"), contract


def test_the_typehashes_that_are_told_are_those_of_their_types() -> None:
    types = [row for row in rows("Signatures that open") if row[1].startswith("`0x")]
    assert len(types) == 6
    for described, typehash in types:
        assert keccak(text=code(described)).hex() == code(typehash)[2:]
    witness = (ROOT / "intents" / "contracts" / "permit2_witness.vy").read_text("utf-8")
    assert all(code(row[0]) in witness for row in types[:2])


def test_the_bounds_that_are_told_are_those_of_the_code() -> None:
    rules = PricingRules()
    expected = {
        "most inputs, most outputs": orders.MAX_INPUTS,
        "most bytes of callback data": orders.MAX_CALLBACK_BYTES,
        "most bytes of context": orders.MAX_CONTEXT_BYTES,
        "most orders of `finaliseMany`": vyper_constant("input_settler.vy", "MAX_BATCH"),
        "most outputs of `fillMany`": vyper_constant("output_settler.vy", "MAX_BATCH"),
        "most payloads of a message": vyper_constant("hyperlane_oracle.vy", "MAX_PAYLOADS"),
        "bytes of an unfilled payload": orders.UNFILLED_PAYLOAD_BYTES,
        "least bytes of a fill payload": orders.SHORTEST_FILL_PAYLOAD_BYTES,
        "most bytes of a payload": vyper_constant("hyperlane_oracle.vy", "MAX_PAYLOAD_BYTES"),
        "gas of a native payout": vyper_constant("escrow_payouts.vy", "NATIVE_GAS"),
        "gas of a token payout": vyper_constant("escrow_payouts.vy", "TOKEN_GAS"),
        "most bytes of a destination call": MAX_CALL_BYTES,
        "most gas of a destination call": MAX_CALL_GAS,
        "least order, in gas of ours": rules.minimum_order_in_gas_costs,
        "seconds to fill, real": limits.REAL_LIMITS.fill_seconds,
        "seconds to fill, local": limits.LOCAL_LIMITS.fill_seconds,
        "least seconds left to submit, real": limits.REAL_LIMITS.min_left_seconds,
        "least seconds left to submit, local": limits.LOCAL_LIMITS.min_left_seconds,
    }
    assert {row[0]: int(code(row[1])) for row in rows("Types")} == expected
    assert orders.MAX_INPUTS == orders.MAX_OUTPUTS
    assert vyper_constant("output_settler.vy", "UNFILLED_BYTES") == orders.UNFILLED_PAYLOAD_BYTES
    assert vyper_constant("output_settler.vy", "SHORTEST_FILL_BYTES") == orders.SHORTEST_FILL_PAYLOAD_BYTES


def test_the_deployer_the_salt_and_the_proxy_that_are_told_are_ours() -> None:
    assert CREATE2_DEPLOYER in PAGE
    assert f"0x{SALT.hex()}" in PAGE
    assert "0x602d3d8160093d39f3363d3d373d3d3d363d73" in PAGE and "0x5af43d82803e903d91602b57fd5bf3" in PAGE


def test_every_key_of_a_manifest_is_told_with_its_choices() -> None:
    told = " ".join(" ".join(row) for row in rows("Joining a chain") or manifest_rows())
    kinds = (
        manifests.ChainManifest, manifests.NativeCoin, manifests.Endpoint, manifests.ValueTier, manifests.Contract,
        manifests.TokenManifest, manifests.VenueManifest, manifests.Feed, manifests.Validator, limits.Limits,
        BridgeManifest, App,
    )  # fmt: skip
    names = {field.name for kind in kinds for field in fields(kind)}
    missing = [name for name in names if not re.search(rf"[`\[]{name}[`\].]", told)]
    assert missing == []
    choices_of_keys = (
        STACKS, DATA_LAYERS, PROOFS, BRIDGE_KINDS,
        manifests.EIP3009_KINDS, manifests.PERMIT_KINDS, manifests.VENUE_KINDS,
    )  # fmt: skip
    for choices in choices_of_keys:
        assert [choice for choice in choices if f"`{choice}`" not in told] == []


def manifest_rows() -> list[list[str]]:
    """That table stands inside a list."""
    section = PAGE.partition("## Joining a chain")[2].partition("\n## ")[0]
    return [
        line.strip().strip("|").split(" | ") for line in section.splitlines() if line.strip().startswith("|")
    ]


def test_the_example_computes_to_what_is_told() -> None:
    told = {row[0]: code(row[1].strip()) for row in rows("An example")}
    document = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    order = orders.order_from_json(document)
    settler, solver = "0x" + "00" * 19 + "51", bytes(31) + b"\xf1"
    number, output = orders.order_id(order, settler=settler), order.outputs[0]
    payload = orders.fill_payload(number, output, solver, 1_800_000_123)
    permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
    digest = typed_data.digest(typed_data.permit2_typed_data(order, settler=settler, permit2=permit2))
    body = output.settler + (1).to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload
    head = (
        b"\x03" + (5).to_bytes(4, "big") + (902).to_bytes(4, "big") + output.oracle + (901).to_bytes(4, "big")
    )
    message_id = proofs.message_id(head + orders.address_to_bytes32(order.input_oracle) + body)
    checkpoint = proofs.Checkpoint(902, "0x" + "00" * 19 + "b1", keccak(text="root"), 5, message_id)
    implementation = "0x" + "00" * 19 + "d1"
    computed = [
        number, orders.output_hash(output), digest,
        deposit_address_of(number, settler=settler, implementation=implementation),
        orders.fill_record(solver, 1_800_000_123), keccak(payload),
        keccak(orders.unfilled_payload(number, output, order.fill_deadline)), message_id,
        proofs.checkpoint_digest(checkpoint),
    ]  # fmt: skip
    shown = [each if isinstance(each, str) else f"0x{each.hex()}" for each in computed]
    assert shown == [row[1].strip(" `") for row in rows("An example")]
    assert len(payload) == 168 and len(told) == len(computed)


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(\.\./([^)#]+)\)", PAGE):
        assert (ROOT / target).is_file(), target
    assert tomllib.loads((ROOT / "intents/contracts/reverts.toml").read_text("utf-8"))["revert"]
