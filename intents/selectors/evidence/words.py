"""Words of the evidence, for staff: facts of the chains, calls of contracts, states and kinds."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from intents.models.labels import CHOICES

# What a log means, by its event's name.
FACTS: Final[dict[str, Any]] = {
    "Open": _("the input is locked in the escrow"),
    "Finalised": _("the escrow paid the filler"),
    "Refunded": _("the escrow gave the input back"),
    "PayoutHeld": _("the escrow holds a payout that its token refused"),
    "Claimed": _("what the escrow held was collected"),
    "Recovered": _("the deposit address gave back what lay there"),
    "Called": _("the call on arrival was made"),
    "CallFailed": _("the call on arrival failed"),
    "OutputFilled": _("an output was paid to its recipient"),
    "Unfilled": _("it is attested that an output was not paid in time"),
    "OutputProven": _("the origin's oracle knows what happened on the destination"),
    "Dispatch": _("a message set off for the other chain"),
    "DispatchId": _("the message got its number"),
    "Process": _("the Mailbox took a message in"),
    "ProcessId": _("the message with this number was taken in"),
    "InsertedIntoTree": _("the message entered the tree that validators sign"),
}

BEFORE: Final[dict[str, Any]] = {
    "asked": _("The person asked for an offer."),
    "offered": _("The person saw the offer: %(input)s for at least %(minimum)s. Nothing was confirmed yet."),
    "refused": _("The person was told that there is no offer."),
}


def choice_words(value: str) -> str:
    """A state or kind in the reader's language."""
    return str(CHOICES.get(value, value.replace("_", " ")))


def fact_words(kind: str) -> str:
    """What a log means; its name when we have no words for it."""
    return str(FACTS.get(kind, kind))
