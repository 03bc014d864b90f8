"""The page's proofs are Python's, byte by byte."""

import re
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from intents.settlement import proofs
from intents.settlement.order import order_from_json, output_hash, unfilled_payload
from intents.settlement.proofs import Checkpoint
from intents.settlement.recovery_code import order_of, recovery_code
from tests.scripts import MODULES, VECTORS, run_script

HOOK = "0x" + "4b" * 20
KEYS = ["0x" + f"{number:064x}" for number in (11, 12, 13)]


IMPORTS = {
    **{f"static/rescue/{name}": f"* as {name}" for name in ("proofs", "terms", "look", "words")},
    f"{MODULES}/recovery": "* as recovery",
}


def run(script: str, given: Any) -> Any:
    """What the body of an async function of `input`, with the page's modules, returns for JSON `given`."""
    return run_script(script, given, imports=IMPORTS)


def test_output_hashes_and_unfilled_payloads_are_pythons() -> None:
    found = run(
        "return input.map(({ order, order_id }) => order.outputs.map((output) =>"
        " [terms.outputHash(output), terms.unfilledPayload(order_id, output, order.fillDeadline)]));",
        VECTORS,
    )
    for vector, mine in zip(VECTORS, found, strict=True):
        order, order_id = order_from_json(vector["order"]), bytes.fromhex(vector["order_id"][2:])
        assert mine == [
            [
                "0x" + output_hash(output).hex(),
                "0x" + unfilled_payload(order_id, output, order.fill_deadline).hex(),
            ]
            for output in order.outputs
        ], vector["name"]


def test_what_validators_sign_and_what_proves_it_are_pythons() -> None:
    checkpoint = Checkpoint(
        domain=902, merkle_tree_hook=HOOK, root=b"\x21" * 32, index=70_000, message_id=b"\x43" * 32
    )
    signers = [Account.from_key(key) for key in KEYS]
    digest = proofs.checkpoint_digest(checkpoint)
    signatures = {
        signer.address: bytes(signer.sign_message(encode_defunct(primitive=digest)).signature)
        for signer in signers
    }
    validators = [signer.address for signer in reversed(signers)]
    found = run(
        """
        const signed = {};
        for (const signature of input.signatures) {
          signed[await proofs.checkpointSigner(input.checkpoint, signature)] = signature;
        }
        const picked = proofs.pickSignatures(signed, input);
        const spoiled = input.signatures[0].slice(0, 10) + "ff" + input.signatures[0].slice(12, -2) + "1d";
        return {
          digest: proofs.checkpointDigest(input.checkpoint),
          signers: Object.keys(signed),
          metadata: proofs.metadata(input.checkpoint, picked),
          spoiled: await proofs.checkpointSigner(input.checkpoint, spoiled),
          few: proofs.pickSignatures({}, input),
        };
        """,
        {
            "checkpoint": {
                "domain": 902,
                "hook": HOOK,
                "root": "0x" + "21" * 32,
                "index": 70_000,
                "id": "0x" + "43" * 32,
            },
            "signatures": ["0x" + each.hex() for each in signatures.values()],
            "validators": validators,
            "threshold": 2,
        },
    )
    picked = proofs.pick_signatures(signatures, validators=validators, threshold=2)
    assert picked is not None
    assert found == {
        "digest": "0x" + digest.hex(),
        "signers": [signer.address for signer in signers],
        "metadata": "0x" + proofs.metadata(checkpoint, picked).hex(),
        "spoiled": None,
        "few": None,
    }


def test_recovery_codes_pass_between_python_and_the_pages() -> None:
    orders = [order_from_json(vector["order"]) for vector in VECTORS]
    codes = [recovery_code(order) for order in orders]
    read = run("return input.map(recovery.orderOfCode);", codes)
    assert [order_from_json(value) for value in read] == orders
    written = run("return input.map(recovery.recoveryCode);", read)
    assert [order_of(code) for code in written] == orders
    assert (
        run('return ["wm1.", "wm1.%%", "wm1.bnVsbA", "nothing"].map(recovery.orderOfCode);', 0) == [None] * 4
    )


LOOK = """
    const order = { ...input.order, originChainId: "901", outputs: [{ ...input.order.outputs[0], chainId: "902" }] };
    const contracts = { input_settler: input.settler, hyperlane_oracle: input.listed, merkle_tree_hook: input.settler };
    const chain = (chain_id) => ({ chain_id, contracts, tokens: [], validators: [] });
    const zero = "0x" + "00".repeat(32);
    const answers = {
      orderStatus: 1, getFillRecord: zero, isProven: false, MAILBOX: input.settler, claimable: 0n,
      getUnfilledOracle: "0x" + order.outputs[0].oracle.slice(26), quote: BigInt(input.fee),
    };
    const nodes = {
      network: { chains: [] },
      chain,
      clock: async (id) => (id === "902" ? Number(order.fillDeadline) + 1 : 0),
      logs: async () => [],
      view: async (id, to, name) => answers[name],
    };
    const view = await look.look({ order, id: zero }, nodes);
    return [view.situation, view.actions.map(({ kind }) => kind)];
"""


def test_nobody_is_asked_to_pay_a_contract_that_only_the_order_names() -> None:
    """A link can bring an order that somebody made up, with a contract of their own in it."""
    order = next(vector["order"] for vector in VECTORS if len(vector["order"]["outputs"]) == 1)
    own = "0x" + order["outputs"][0]["oracle"][26:]
    given = {"order": order, "settler": "0x" + "5e" * 20, "listed": own, "fee": "7"}
    assert run(LOOK, given) == ["dispatch", ["dispatch"]]
    assert run(LOOK, {**given, "listed": "0x" + "77" * 20}) == ["unlisted_messenger", []]
    assert run(LOOK, {**given, "listed": "0x" + "77" * 20, "fee": "0"}) == ["dispatch", ["dispatch"]]


def test_both_languages_say_the_same_things() -> None:
    texts = run("return words.LANGUAGES;", 0)
    assert texts["en"].keys() == texts["zh"].keys()
    places = {name: sorted(_places(text)) for name, text in texts["en"].items()}
    assert {name: sorted(_places(text)) for name, text in texts["zh"].items()} == places
    for text in texts["zh"].values():
        assert not re.search(r"[\u4e00-\u9fff][,;?]|[,;][\u4e00-\u9fff]", text), text


def _places(text: str) -> list[str]:
    return [piece.split("}")[0] for piece in text.split("{")[1:]]
