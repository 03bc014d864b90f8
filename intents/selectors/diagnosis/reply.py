"""What staff may send to the person: calm, true, without our words, in the person's language."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import OrderState
from intents.models import Order, Ticket
from intents.selectors.network import chain_name
from intents.selectors.place import evidence, place_of
from intents.selectors.steps import amount_words
from intents.selectors.timeline import money_sentence

from .finding import Finding, Words, filled

LANGUAGES: Final = tuple(dict(settings.LANGUAGES))

# %(by)s and %(expires)s are UTC clock times.
SENTENCES: Final[Mapping[str, Words]] = {
    "fine": _("Your transfer is going as it should. You need not do anything."),
    "fine_proof": _(
        "Your transfer has been delivered. What still happens is between us and others; you need not "
        "do anything."
    ),
    "delivered": _("Your transfer has been delivered. You need not do anything."),
    "over": _("This transfer is over. You need not do anything."),
    "chain_slow": _(
        "The network %(slow)s is not working reliably at the moment, so your transfer is waiting. We "
        "go on by ourselves as "
        "soon as it does; you need not do anything."
    ),
    "chain_gone": _(
        "The network %(slow)s has stopped answering altogether, so nobody can do anything there at the moment. If it "
        "comes back, your transfer goes on by itself; you need not do anything."
    ),
    "our_side": _(
        "Your transfer is slower than usual because of a fault on our side. We are looking into it; "
        "you need not do anything."
    ),
    "paused": _(
        "We have stopped transfers there for a moment, and yours is waiting. You need not do anything."
    ),
    "fees": _(
        "Fees of the network %(slow)s are far above the usual at the moment, so your transfer waits "
        "for them to fall. This "
        "costs you nothing; you need not do anything."
    ),
    "waits_for_us": _("Your transfer is waiting for its turn on our side. You need not do anything."),
    "waits_for_others": _(
        "The issuer of the token that you are to receive has stopped all payments of it, so your "
        "transfer is waiting. You "
        "need not do anything."
    ),
    "price": _(
        "Prices have moved since you confirmed. You still receive at least what you confirmed, or "
        "your money back; you need "
        "not do anything."
    ),
    "deadline": _("We could not pay it out in the time that you agreed to. You need not do anything."),
    "recipient": _(
        "The address %(recipient)s could not be paid: the token or the address refuses the payment. "
        "Please check the address "
        "before you try again."
    ),
    "cannot": _("We are not able to carry out this transfer."),
    "reorg": _(
        "The network %(slow)s has rewritten its last blocks, as networks sometimes do. We are "
        "checking your transfer again; "
        "you need not do anything."
    ),
    "proof": _(
        "A confirmation from an independent checker is still missing. We go on by ourselves as soon "
        "as it is there."
    ),
    "returning": _("Your money is on its way back to you. You need not do anything."),
    "claimable": _(
        "The token refused to be sent back to your address, so your money is kept for you. We try "
        "again every hour, and on "
        "your transfer's page you can collect it yourself at any time."
    ),
    "deposit_awaited": _(
        "Your payment has not arrived yet. If you have just sent it, please give it a few minutes."
    ),
    "deposit_short": _(
        "%(arrived)s of %(input)s has arrived. Please send the missing %(missing)s to the same "
        "address by %(by)s."
    ),
    "deposit_wrong": _(
        "Something other than %(input)s was sent to the address of your transfer. It goes back to "
        "you by itself; for this "
        "transfer please send exactly %(input)s by %(by)s."
    ),
    "deposit_back": _("What arrived was not what this transfer asked for, so it goes back to you by itself."),
    "deposit_late": _("Your payment came too late for this transfer, so it goes back to you by itself."),
    "signature": _(
        "Your confirmation could not be used, so nothing was taken. Please make a new transfer and "
        "confirm it with the wallet "
        "that the money is in."
    ),
    "funds_gone": _(
        "When we were about to begin, your wallet no longer held %(input)s or no longer allowed it "
        "to be taken, so nothing was "
        "taken. Please make a new transfer."
    ),
    "not_started": _("This transfer did not begin, and nothing was taken from you."),
}


def language_of(order: Order) -> str:
    """The person's language: of their question, else of the page they confirmed on, else English."""
    asked = (
        Ticket.objects.filter(order=order).order_by("-created_at").values_list("language", flat=True).first()
    )
    try:
        return translation.get_supported_language_variant((asked or order.language).lower())
    except LookupError:
        return "en"


def reply(finding: Finding, order: Order, *, language: str = "") -> str:
    """The answer to the person about this finding, ready to send; in their language unless one is given.

    It says what is the matter, where the money is, what happens next, by when, and what if not.
    """
    with translation.override(language or language_of(order)):
        return "\n\n".join(_paragraphs(finding, order))


def _paragraphs(finding: Finding, order: Order) -> list[str]:
    params = _params(finding, order)
    seen = evidence(order)
    opening = filled(
        _("Hello, this is about your transfer of %(input)s from %(origin)s to %(destination)s."), params
    )
    matter = filled(SENTENCES[_kind(finding, order)], params)
    money = money_sentence(order, place_of(order, seen), seen).text
    return [opening, matter, money, now_("We never ask for keys or recovery words.")]


def _kind(finding: Finding, order: Order) -> str:
    """What is said: whoever has the money already hears that first, whatever holds us up."""
    kind = finding.cause.person
    if kind in _ASKING and order.state != OrderState.AWAITING_DEPOSIT:
        kind = "deposit_back"
    has_it = order.delivered_amount is not None or order.state == OrderState.SETTLED
    if has_it and kind not in ("delivered", "over"):
        return "fine_proof"
    if order.state in (OrderState.REFUND_DUE, OrderState.REFUNDING) and kind not in _OF_RETURNS:
        return "returning"
    return kind


# These ask for a payment, which would only go back once the time for it is over.
_ASKING: Final = frozenset({"deposit_awaited", "deposit_short", "deposit_wrong"})
_OF_RETURNS: Final = frozenset(
    {
        "deposit_late",
        "deposit_back",
        "recipient",
        "claimable",
        "chain_slow",
        "our_side",
        "reorg",
        "fees",
    }
)


def _params(finding: Finding, order: Order) -> dict[str, Any]:
    given = finding.params
    recipient = order.recipient
    return {
        **given,
        "input": amount_words(order.origin_id, order.input_token, order.input_amount),
        "origin": chain_name(order.origin_id),
        "destination": chain_name(order.destination_id),
        "slow": given.get("chain") or chain_name(order.destination_id),
        "recipient": f"{recipient[:6]}…{recipient[-4:]}",
        "by": order.fill_deadline,
        "expires": order.expires,
    }
