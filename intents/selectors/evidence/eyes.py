"""What a staff member's eyes may rest on: whole addresses, or their two ends wherever they stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intents.selectors.masking import shown_address
from intents.selectors.sentences import Sentence

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
# An address as contracts of several chains carry it: 32 bytes, the first twelve empty.
_WIDE = re.compile(r"0x0{24}([0-9a-fA-F]{40})(?![0-9a-fA-F])")
# More hex than a hash may hold addresses anywhere.
_LONG = re.compile(r"0x[0-9a-fA-F]{65,}")
_LARGE_NUMBER = re.compile(r"\d{30,49}")


@dataclass(frozen=True, slots=True)
class Eyes:
    """`may_see` is the permission `view_addresses`."""

    may_see: bool

    def address(self, address: str) -> str:
        """One address as this person may read it."""
        return shown_address(address, self.may_see)

    def text(self, text: str) -> str:
        """A text with every address in it masked, also those inside longer hex."""
        if self.may_see:
            return text
        wide = _WIDE.sub(lambda found: "0x…" + self.address("0x" + found[1])[2:], text)
        long = _LONG.sub(lambda found: f"{found[0][:10]}… ({len(found[0]) // 2 - 1} bytes)", wide)
        return _ADDRESS.sub(lambda found: self.address(found[0]), long)

    def value(self, value: Any) -> Any:
        """A JSON value with every address in it masked; numbers that may be addresses count as such."""
        if self.may_see:
            return value
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, str):
            return "…" if _LARGE_NUMBER.fullmatch(value) else self.text(value)
        return value

    def sentence(self, sentence: Sentence) -> Sentence:
        """A sentence whose addresses are masked."""
        if self.may_see:
            return sentence
        return Sentence(sentence.code, {name: self.value(item) for name, item in sentence.params.items()})
