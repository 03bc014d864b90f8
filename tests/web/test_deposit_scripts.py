"""The pages' deposit addresses, permits and recovery codes are Python's, which are the contracts'."""

from eth_utils.address import to_checksum_address

from intents.contracts.addresses import deposit_address_of
from intents.settlement.order import order_from_json
from intents.settlement.recovery_code import order_of, recovery_code
from intents.settlement.typed_data import digest, permit_typed_data
from tests.scripts import VECTORS

from .test_scripts import run

IMPLEMENTATION = "0x" + "d0" * 20
SPENDER = "0x" + "5d" * 20
WITH_VERSION = {"name": "Odd Dollar", "version": "1"}
WITHOUT_VERSION = {"name": "Odd Bitcoin", "version": ""}


def test_deposit_addresses_are_those_of_the_contracts() -> None:
    script = (
        "return input.vectors.map((v) => depositAddress(v.order_id, "
        "{ settler: v.settler, implementation: input.implementation }));"
    )
    found = run(
        script,
        {"vectors": VECTORS, "implementation": IMPLEMENTATION},
        imports={"deposit-address": "{ depositAddress }"},
    )
    assert found == [
        deposit_address_of(
            bytes.fromhex(vector["order_id"][2:]), settler=vector["settler"], implementation=IMPLEMENTATION
        )
        for vector in VECTORS
    ]


def test_permit_digests_are_pythons() -> None:
    single = [vector for vector in VECTORS if len(vector["order"]["inputs"]) == 1]
    for token in (WITH_VERSION, WITHOUT_VERSION):
        found = run(
            "return input.orders.map((each) => order.digest(permit.typedData(each, "
            "{ token: input.token, spender: input.spender, nonce: 7n })));",
            {"orders": [vector["order"] for vector in single], "token": token, "spender": SPENDER},
            imports={"ways/permit": "* as permit"},
        )
        for vector, mine in zip(single, found, strict=True):
            data = permit_typed_data(
                order_from_json(vector["order"]),
                deposit_address=to_checksum_address(SPENDER),
                token_name=token["name"],
                token_version=token["version"],
                nonce=7,
            )
            assert mine == "0x" + digest(data).hex(), vector["name"]


def test_recovery_codes_are_read_by_both_sides() -> None:
    codes = [recovery_code(order_from_json(vector["order"])) for vector in VECTORS]
    found = run(
        "return input.map((code) => recovery.recoveryCode(recovery.orderOfCode(` ${code}\\n`)));",
        codes,
        imports={"recovery": "* as recovery"},
    )
    assert [order_of(code) for code in found] == [order_of(code) for code in codes]
    cut = run(
        "return input.map((code) => recovery.orderOfCode(code.slice(0, -30)));",
        codes,
        imports={"recovery": "* as recovery"},
    )
    assert cut == [None] * len(codes)
