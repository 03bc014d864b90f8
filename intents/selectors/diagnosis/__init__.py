"""Why an order is where it is, in words and numbers, from rows alone; who else is hit; what to tell the person.

    findings = diagnose(order)              # the best explanation first; never empty, never raises for an order's state
    text = reply(findings[0], order)        # ready to send, in the person's language
    orders = affected(findings[0].code, findings[0].key)
    counts = census()                       # every cause with how many unfinished orders it explains

A cause lives with its words and its evidence in one of the files here; CAUSES is all of them, weightiest first.
"""

from .acts import ACT_WORDS
from .finding import Cause, Counted, Finding, Severity
from .registry import BY_CODE, CAUSES
from .reply import LANGUAGES, language_of, reply
from .run import Affected, affected, census, diagnose, top

__all__ = [
    "ACT_WORDS",
    "BY_CODE",
    "CAUSES",
    "LANGUAGES",
    "Affected",
    "Cause",
    "Counted",
    "Finding",
    "Severity",
    "affected",
    "census",
    "diagnose",
    "language_of",
    "reply",
    "top",
]
