"""What was found wrong with a chain or a token, in words for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Of chains. Figures stand in the passport beside the sentence.
_CHAIN: Final[dict[str, Any]] = {
    "endpoint_ill": gettext_lazy("one of its nodes is not used"),
    "too_few_endpoints": gettext_lazy("too few of its nodes answer well"),
    "probe_broken_off": gettext_lazy("its node stopped answering while we looked"),
    "log_range_small": gettext_lazy("its node tells too little of the past at once"),
    "contract_absent": gettext_lazy("a contract that transfers need is not there"),
    "contract_differs": gettext_lazy("a contract that transfers need is another one than before"),
    "no_eip1559": gettext_lazy("it does not know the fees that we pay with"),
    "explorer_unreachable": gettext_lazy("its explorer does not answer"),
    "block_time_differs": gettext_lazy("its blocks come at another pace than it says"),
    "finality_unknown": gettext_lazy("nobody knows how long its blocks can still be taken back"),
    "finality_shorter": gettext_lazy("we wait for less than its real finality, so amounts are limited"),
}
# Of tokens.
_TOKEN: Final[dict[str, Any]] = {
    "decimals_differ": gettext_lazy("it has other decimals than it said"),
    "paused_by_issuer": gettext_lazy("its issuer has paused it"),
    "transfers_fail": gettext_lazy("it cannot be moved"),
    "taxed": gettext_lazy("it takes a tax from every transfer"),
    "answers_false": gettext_lazy("it says that transfers fail"),
    "rebases": gettext_lazy("balances of it change by themselves"),
    "permit_missing": gettext_lazy("it does not take the signatures that it said it takes"),
    "eip3009_missing": gettext_lazy("it does not take the signatures that it said it takes"),
    "not_canonical": gettext_lazy("it stands in for a token of another chain"),
    "pausable_unsaid": gettext_lazy("its issuer can pause it"),
    "blacklists": gettext_lazy("its issuer can block accounts"),
    "bridged_form": gettext_lazy("it came over a bridge of the chain itself"),
}
WORDS: Final = {**_CHAIN, **_TOKEN}


def finding_words(code: str) -> str:
    """A finding as half a sentence."""
    return str(WORDS.get(code, code))


def codes_words(codes: Sequence[str]) -> str:
    """Several findings in one line, each once."""
    return _("; ").join(dict.fromkeys(finding_words(code) for code in codes))


def are_known(codes: Sequence[str]) -> bool:
    """Whether these are codes of findings, and no words of a person."""
    return bool(codes) and all(code in WORDS for code in codes)


def finding_figures(params: Mapping[str, Any]) -> str:
    """The figures of a finding as they are, for those who run the chain."""
    return ", ".join(f"{name} {value}" for name, value in params.items())
