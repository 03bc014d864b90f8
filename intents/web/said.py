"""A wish said in a sentence, as the page shows it: what was understood, what was not, what is asked."""

from dataclasses import dataclass

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from intents.selectors.network import connected_chains
from intents.services.saying import Choice, Saying, sentence

DOLLARS = ("usdc", "usdt", "dai")
REASONS = {
    "unknown": gettext_lazy("this was not understood"),
    "second": gettext_lazy("this is said twice, or belongs to nothing"),
    "number": gettext_lazy("this is no amount that can be read for certain; write it like 1000 or 0.25"),
    "number_of_what": gettext_lazy("it is not clear what this is an amount of"),
    "name": gettext_lazy("names are not looked up here; give the whole address, 0x…"),
    "name_unknown": gettext_lazy("this name leads to no address: check every letter"),
    "name_not_read": gettext_lazy(
        "this name could not be looked up for certain; give the whole address, 0x…"
    ),
    "address": gettext_lazy("this is no valid address: check every letter"),
    "not_here": gettext_lazy("this chain does not have it"),
    "too_long": gettext_lazy("the sentence is too long, its end was not read"),
}
QUESTIONS = {
    "origin": gettext_lazy("From which chain?"),
    "destination": gettext_lazy("To which chain?"),
    "input_token": gettext_lazy("Which token do you send?"),
    "output_token": gettext_lazy("Which token shall arrive?"),
    "amount": gettext_lazy("How much? Type it below."),
}


@dataclass(frozen=True, slots=True)
class SaidPiece:
    """A stretch of the sentence; `words` say why it was not understood."""

    text: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with a sentence for each answer."""

    about: str
    words: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with everything that is shown of it; `name` was said as receiver and leads to `address`."""

    text: str
    pieces: tuple[SaidPiece, ...]
    questions: tuple[Asked, ...]
    is_complete: bool
    name: str = ""
    address: str = ""

    @property
    def not_understood(self) -> tuple[SaidPiece, ...]:
        """What the reader made nothing of."""
        return tuple(piece for piece in self.pieces if piece.reason)


def shown(saying: Saying, *, lacks_wallet: bool = False) -> Said:
    """The sentence in the reader's language; `lacks_wallet` when all of something was said, and nobody knows how
    much that is."""
    pieces = tuple(
        SaidPiece(piece.text, piece.reason, str(REASONS.get(piece.reason, REASONS["unknown"])))
        for piece in saying.pieces
    )
    questions = [
        Asked(
            question.about,
            _("“%(said)s” may be several things. Which one?") % {"said": question.said}
            if question.said
            else str(QUESTIONS[question.about]),
            question.choices,
        )
        for question in saying.questions
    ]
    if lacks_wallet:
        words = _("All of it: connect your wallet and say it again, or type the amount below.")
        questions.append(Asked("amount", words, ()))
    return Said(
        saying.text,
        pieces,
        tuple(questions),
        is_complete=saying.is_complete and not lacks_wallet,
        name=saying.named.name if saying.named else "",
        address=saying.named.address if saying.named else "",
    )


@dataclass(frozen=True, slots=True)
class Example:
    """A wish that the connected chains can serve: chain and token of both ends, and as a program asks for it."""

    given: tuple[str, str]
    wanted: tuple[str, str]
    amount: str
    request: dict[str, str]


def example() -> Example | None:
    """None without two chains."""
    chains = list(connected_chains().values())
    if len(chains) < 2:
        return None
    first, second = chains[-2:]
    dollars = next((each for each in first.tokens if each.canonical_id in DOLLARS), None)
    token = dollars or first.native_token
    other = next(
        (each for each in second.tokens if each.canonical_id not in (token.canonical_id, *DOLLARS)),
        second.native_token,
    )
    amount = "25" if dollars else "0.01"
    ends = {"origin": first.slug, "input_token": token.symbol}
    ends |= {"destination": second.slug, "output_token": other.symbol}
    return Example(
        (first.name, token.symbol), (second.name, other.symbol), amount, {**ends, "amount": amount}
    )


def example_sentence() -> str:
    """The example in the reader's language; "" without two chains."""
    found = example()
    if found is None:
        return ""
    return sentence(
        given=found.given,
        wanted=found.wanted,
        amount=found.amount,
        in_chinese=(get_language() or "").startswith("zh"),
    )
