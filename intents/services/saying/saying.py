"""What a sentence means on the connected chains: form fields, marked pieces, and questions with answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.errors import WaymeetError

from ..assets import ANY, Asset, assets
from ..intent import address_in
from ..names import Named, look_up
from .lexicon import Kind, Part, tidy
from .reading import ALL, End, Reading, read
from .sentences import ANYWHERE, is_chinese, with_added, with_replaced
from .vocabulary import ALIASES

MOST_LETTERS: Final = 200
NAME_REASONS: Final = {
    "name_not_supported": "name",
    "name_unknown": "name_unknown",
    "name_malformed": "name_unknown",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the sentence; `reason` is the code of why it was not understood, "" when it was."""

    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question, and the sentence that says it."""

    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be said yet: `about` is origin, destination, input_token, output_token or amount."""

    about: str
    said: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence understood as far as it goes. `values` holds the form's fields, "" for what is not known.

    With `is_all` the amount is everything that the wallet holds of what is given; `named` is the name that was said
    as receiver, with the address it leads to now.
    """

    text: str
    pieces: tuple[Piece, ...]
    values: dict[str, str]
    questions: tuple[Question, ...]
    is_all: bool = False
    named: Named | None = None

    @property
    def not_understood(self) -> tuple[Piece, ...]:
        """What the reader made nothing of."""
        return tuple(piece for piece in self.pieces if piece.reason)

    @property
    def is_complete(self) -> bool:
        """Whether every word was understood and nothing is missing."""
        is_filled = all(self.values[name] for name in ("from", "to")) and (
            self.is_all or self.values["amount"]
        )
        return bool(is_filled) and not self.questions and not self.not_understood


@dataclass(frozen=True, slots=True)
class _Meant:
    """One end as far as it is known: the chain, or any chain, with the symbol of the token there."""

    chain: ChainManifest | None = None
    is_anywhere: bool = False
    symbol: str = ""
    asset_id: str = ""

    @property
    def value(self) -> str:
        """As the form writes it, "" unless both are known."""
        place = ANY if self.is_anywhere else self.chain.slug if self.chain else ""
        return f"{place}:{self.symbol}" if place and self.symbol else ""


def understood(text: str) -> Saying:
    """Understand a sentence of at most MOST_LETTERS letters; never raises."""
    said = tidy(text, most=MOST_LETTERS)
    return _Understanding(said, read(said), is_cut=len(text.strip()) > MOST_LETTERS).saying()


class _Understanding:
    def __init__(self, text: str, reading: Reading, *, is_cut: bool) -> None:
        self.text = text
        self.reading = reading
        self.is_cut = is_cut
        self.questions: list[Question] = []
        self.named: Named | None = None

    def saying(self) -> Saying:
        recipient = self._recipient()
        given = self._meant(self.reading.given, "origin", "input_token")
        wanted = self._meant(self.reading.wanted, "destination", "output_token")
        given, wanted = self._same(given, wanted)
        self._ask_missing(given, wanted)
        amount, exact = self._amount()
        values = {
            "from": given.value,
            "to": wanted.value,
            "amount": "" if amount == ALL else amount,
            "exact": exact,
            "recipient": recipient,
        }
        order = ("origin", "input_token", "destination", "output_token", "amount")
        questions = sorted(self.questions, key=lambda question: order.index(question.about))
        return Saying(
            self.text,
            tuple(self._pieces()),
            values,
            tuple(questions),
            is_all=amount == ALL,
            named=self.named,
        )

    def _pieces(self) -> Iterable[Piece]:
        understood = ""
        for index, part in enumerate(self.reading.parts):
            written = self.text[part.start : part.end]
            if index not in self.reading.left:
                understood += written
                continue
            if understood:
                yield Piece(understood)
            yield Piece(written, self.reading.left[index])
            understood = ""
        if understood:
            yield Piece(understood)
        if self.is_cut:
            yield Piece("…", "too_long")

    def _recipient(self) -> str:
        part = self.reading.address
        if part is None:
            return ""
        if part.kind is Kind.NAME:
            return self._address_named(part)
        try:
            return address_in({"recipient": part.value}, "recipient")
        except WaymeetError:
            self.reading.left[self.reading.parts.index(part)] = "address"
            return ""

    def _address_named(self, part: Part) -> str:
        try:
            self.named = look_up(part.value)
        except WaymeetError as error:
            reason = NAME_REASONS.get(error.code, "name_not_read")
            self.reading.left[self.reading.parts.index(part)] = reason
            return ""
        return self.named.address

    def _amount(self) -> tuple[str, str]:
        given, wanted = self.reading.given.amount, self.reading.wanted.amount
        if given is None and wanted is None:
            self.questions.append(Question("amount"))
            return "", "input"
        if wanted is not None:
            return wanted.value, "output"
        assert given is not None
        return given.value, "input"

    def _meant(self, end: End, place: str, token: str) -> _Meant:
        chain = self._chain(end, place)
        if end.token is None:
            return _Meant(chain, end.is_anywhere)
        here = [chain] if chain else list(registry.all_chains().values())
        found, is_own_name = _tokens(end.token.value, here)
        if not found:
            self.reading.left[self.reading.parts.index(end.token)] = "not_here" if chain else "unknown"
            return _Meant(chain, end.is_anywhere)
        ids = {each.canonical_id for each in found}
        is_clear = (chain is None or len(found) == 1) if is_own_name else not _means_several(end.token.value)
        if not is_clear:
            return self._choose(end, token, [each.symbol for each in found], chain)
        asset_id = ids.pop() if len(ids) == 1 else ""
        return _Meant(chain, end.is_anywhere, self._symbol(found[0], end), asset_id)

    def _symbol(self, found: TokenManifest, end: End) -> str:
        if not end.is_anywhere:
            return found.symbol
        return next((each.symbol for each in assets() if each.asset_id == found.canonical_id), found.symbol)

    def _choose(self, end: End, token: str, symbols: list[str], chain: ChainManifest | None) -> _Meant:
        part = end.token
        assert part is not None
        choices = [
            Choice(symbol, with_replaced(self.text, part.start, part.end, symbol))
            for symbol in dict.fromkeys(symbols)
        ]
        self.questions.append(Question(token, self.text[part.start : part.end], tuple(choices)))
        return _Meant(chain, end.is_anywhere)

    def _chain(self, end: End, place: str) -> ChainManifest | None:
        part = end.chain
        if part is None:
            return None
        chains = registry.all_chains().values()
        by_slug = [chain for chain in chains if chain.slug == part.value]
        found = by_slug or [chain for chain in chains if chain.name.lower() == part.value]
        if len(found) == 1:
            return found[0]
        choices = [
            Choice(f"{chain.name} ({chain.slug})", with_replaced(self.text, part.start, part.end, chain.slug))
            for chain in found
        ]
        self.questions.append(Question(place, self.text[part.start : part.end], tuple(choices)))
        return None

    def _same(self, given: _Meant, wanted: _Meant) -> tuple[_Meant, _Meant]:
        """Said once, the asset is the same at both ends."""
        asked = {question.about for question in self.questions}
        if self.reading.wanted.token is None and given.asset_id and wanted.chain is not None:
            there = [each for each in wanted.chain.assets if each.canonical_id == given.asset_id]
            if len(there) == 1 or any(each.symbol == given.symbol for each in there):
                symbol = next((each.symbol for each in there if each.symbol == given.symbol), there[0].symbol)
                return given, _Meant(wanted.chain, symbol=symbol, asset_id=given.asset_id)
            if "output_token" not in asked:
                names = [each.symbol for each in wanted.chain.assets if not each.is_synthetic]
                self._ask("output_token", names)
        return given, wanted

    def _ask_missing(self, given: _Meant, wanted: _Meant) -> None:
        if given.chain is None and not given.is_anywhere:
            besides = wanted.chain.chain_id if wanted.chain else 0
            self._ask(
                "origin",
                _chains_with(given.asset_id, besides=besides),
                is_anywhere=_is_common(given.asset_id),
            )
        if wanted.chain is None:
            besides = given.chain.chain_id if given.chain else 0
            asset_id = wanted.asset_id or (given.asset_id if self.reading.wanted.token is None else "")
            self._ask("destination", _chains_with(asset_id, besides=besides))
        if self.reading.given.token is None:
            tokens = given.chain.assets if given.chain else ()
            names = [each.symbol for each in tokens if not each.is_synthetic]
            self._ask("input_token", names or [asset.symbol for asset in assets()])

    def _ask(self, about: str, names: Iterable[str], *, is_anywhere: bool = False) -> None:
        if any(question.about == about for question in self.questions):
            return
        choices = [Choice(name, with_added(self.text, about, name)) for name in names]
        if is_anywhere and choices:
            anywhere = ANYWHERE[is_chinese(self.text)]
            choices.append(Choice(anywhere, with_added(self.text, about, anywhere)))
        self.questions.append(Question(about, "", tuple(choices)))


def _tokens(word: str, chains: list[ChainManifest]) -> tuple[list[TokenManifest], bool]:
    """Tokens of these chains that a word means, and whether it is their own symbol or name."""
    every = [token for chain in chains for token in chain.assets]
    called = [token for token in every if token.symbol.lower() == word]
    called = called or [token for token in every if token.name.lower() == word]
    if called:
        return called, True
    ids = ALIASES.get(word, ())
    return [token for token in every if token.canonical_id in ids], False


def _means_several(word: str) -> bool:
    """Whether an everyday name may mean more than one asset of the network, wherever it is."""
    found, _ = _tokens(word, list(registry.all_chains().values()))
    return len({token.canonical_id for token in found}) > 1


def _chains_with(asset_id: str, *, besides: int) -> list[str]:
    """Names of the chains that have an asset, of all chains for no asset."""
    chains = [chain for chain in registry.all_chains().values() if chain.chain_id != besides]
    return [
        chain.name
        for chain in chains
        if not asset_id or any(token.canonical_id == asset_id for token in chain.assets)
    ]


def _is_common(asset_id: str) -> bool:
    """Whether an asset may be paid from whichever chain is best."""
    return any(_is_wide(asset) for asset in assets() if asset.asset_id == asset_id)


def _is_wide(asset: Asset) -> bool:
    return len(asset.tokens) > 1
