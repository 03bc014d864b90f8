"""Whatever a contract or a node says becomes a named situation, never an exception of the decoder."""

import re

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from intents.chains.reverts import NOT_SENT, Refusal, classify, decode_revert
from intents.contracts.loader import SOURCES
from intents.contracts.reverts import vocabulary


def custom(signature: str, *values: object) -> bytes:
    types = re.search(r"\((.*)\)", signature)[1]
    return keccak(text=signature)[:4] + encode(types.split(",") if types else [], values)


@pytest.mark.parametrize(
    ("data", "name", "arguments"),
    [
        (custom("AlreadyFilled()"), "AlreadyFilled", []),
        (custom("WrongChain(uint256,uint256)", 901, 902), "WrongChain", [901, 902]),
        (custom("TooLittleOutput(uint256,uint256)", 2**200, 1), "TooLittleOutput", [str(2**200), 1]),
        (custom("SignatureExpired(uint256)", 5), "SignatureExpired", [5]),
        (custom("Error(string)", "ECDSA: invalid signature"), "Error", ["ECDSA: invalid signature"]),
        (custom("Panic(uint256)", 0x11), "Panic", [0x11, "arithmetic overflow"]),
        (custom("Panic(uint256)", 2**255), "Panic", [str(2**255), "unknown panic"]),
        # PostgreSQL keeps no NUL: a row with one in it, and all that is written with it, would be refused.
        (custom("Error(string)", "\x00no\u202e"), "Error", ["\ufffdno\ufffd"]),
        (b"", "Empty", []),
        (b"\x01\x02", "Unknown", ["0x0102"]),
        (custom("NobodyKnowsThis(uint256)", 1)[:36], "Unknown", None),
        (custom("Error(string)", "x")[:20], "Unknown", None),
        (custom("WrongChain(uint256,uint256)", 1, 2)[:40], "Unknown", None),
    ],
)
def test_revert_data_is_named(data, name, arguments):
    revert = decode_revert(data)
    assert revert.name == name
    assert arguments is None or revert.arguments == arguments
    assert revert.data == data


@given(st.binary(max_size=200))
def test_no_revert_data_breaks_the_decoder(data):
    assert decode_revert(data).name


def test_every_revert_in_the_contracts_is_in_the_vocabulary():
    known = {revert.signature for revert in vocabulary().values()}
    sources = "\n".join(path.read_text() for path in SOURCES.glob("*.vy"))
    used = set(re.findall(r'raw_revert\(\s*method_id\("(\w+\([\w,]*\))"\)', sources))
    used |= set(re.findall(r'raw_revert\(\s*abi_encode\([^"]*method_id\("(\w+\([\w,]*\))"\)', sources))
    assert used
    assert used <= known


@pytest.mark.parametrize(
    ("number", "message", "refusal"),
    [
        (-32003, "transaction already imported", Refusal.ALREADY_KNOWN),
        (-32000, "already known", Refusal.ALREADY_KNOWN),
        (-32003, "nonce too low", Refusal.NONCE_TOO_LOW),
        (-32000, "nonce too low: next nonce 5, tx nonce 4", Refusal.NONCE_TOO_LOW),
        (-32000, "replacement transaction underpriced", Refusal.REPLACEMENT_UNDERPRICED),
        (-32003, "max fee per gas less than block base fee", Refusal.FEE_TOO_LOW),
        (-32000, "insufficient funds for gas * price + value", Refusal.INSUFFICIENT_FUNDS),
        (-32003, "Insufficient funds for gas * price + value", Refusal.INSUFFICIENT_FUNDS),
        (-32003, "intrinsic gas too low", Refusal.GAS_LIMIT),
        (-32000, "exceeds block gas limit", Refusal.GAS_LIMIT),
        (-32000, "invalid sender", Refusal.MALFORMED),
        (3, "whatever", Refusal.EXECUTION_REVERTED),
        (-32000, "execution reverted", Refusal.EXECUTION_REVERTED),
        (-32005, "Too Many Requests", Refusal.BUSY),
        (-32000, "header not found", Refusal.NO_SUCH_BLOCK),
        (-32603, "internal error", Refusal.OTHER),
    ],
)
def test_a_nodes_words_have_a_class(number, message, refusal):
    assert classify(number, message) is refusal


def test_only_words_that_prove_it_mean_not_sent():
    assert NOT_SENT.isdisjoint({Refusal.OTHER, Refusal.NONCE_TOO_LOW, Refusal.ALREADY_KNOWN, Refusal.BUSY})
