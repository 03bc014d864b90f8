"""Only one spelling of a signature is taken; whatever else comes is refused by name."""

import pytest

from intents.services.errors import SignatureMalformed
from intents.services.signatures import normalised

R_AND_S = "11" * 64


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "0x",
        "0x" + "zz" * 65,
        "0x" + R_AND_S,
        "0x" + "aa " * 43 + " ",
        "0x" + " " * 130,
        "0x" + "\ud800" * 130,
        "0x" + "１" * 130,
        "0x" + "11" * 32 + "ff" * 32 + "1b",
        "0x" + R_AND_S + "1d",
    ],
)
def test_anything_else_is_malformed(text: object) -> None:
    with pytest.raises(SignatureMalformed):
        normalised(text)


@pytest.mark.parametrize(("given", "kept"), [("00", 27), ("01", 28), ("1b", 27), ("1c", 28)])
def test_v_is_counted_from_27(given: str, kept: int) -> None:
    assert normalised("0x" + R_AND_S + given) == bytes.fromhex(R_AND_S) + bytes([kept])
