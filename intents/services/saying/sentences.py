"""Whole sentences for a transfer, and what is added to one that lacks something. Each is read back as it was meant."""

import re
from typing import Final

_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
ADDITIONS: Final = {
    "origin": (" from {name}", "，从 {name}"),
    "destination": (" to {name}", "，到 {name}"),
    "input_token": (" with {name}", "，用 {name}"),
    "output_token": (" for {name}", "，换成 {name}"),
}
ANYWHERE: Final = ("any chain", "任意链")


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese letters."""
    return bool(_CHINESE.search(text))


def with_added(text: str, what: str, name: str) -> str:
    """The text with the missing end or token named at its end, in its own language."""
    english, chinese = ADDITIONS[what]
    return text.rstrip(" .。!！?？,，、;；") + (chinese if is_chinese(text) else english).format(name=name)


def with_replaced(text: str, start: int, end: int, name: str) -> str:
    """The text with the stretch from `start` to `end` said clearly."""
    before = " " if start and text[start - 1].isascii() and text[start - 1].isalnum() else ""
    after = " " if text[end : end + 1].isascii() and text[end : end + 1].isalnum() else ""
    return f"{text[:start]}{before}{name}{after}{text[end:]}"


def sentence(
    *,
    given: tuple[str, str],
    wanted: tuple[str, str],
    amount: str,
    exact: str = "input",
    recipient: str = "",
    in_chinese: bool = False,
) -> str:
    """A whole wish; `given` and `wanted` are (chain's name, "" for any chain; token's symbol)."""
    chain, token = given
    place = chain or ANYWHERE[in_chinese]
    there, arriving = wanted
    if in_chinese:
        to = f"，发到 {recipient}" if recipient else ""
        if exact == "output":
            return f"用 {place} 的 {token} 换成 {there} 的 {amount} {arriving}{to}"
        if token == arriving:
            return f"把 {amount} {token} 从 {place} 转到 {there}{to}"
        return f"把 {place} 的 {amount} {token} 换成 {there} 的 {arriving}{to}"
    to = f", to {recipient}" if recipient else ""
    if exact == "output":
        return f"get {amount} {arriving} on {there} with {token} from {place}{to}"
    if token == arriving:
        return f"send {amount} {token} from {place} to {there}{to}"
    return f"swap {amount} {token} on {place} for {arriving} on {there}{to}"
