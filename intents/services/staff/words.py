"""What staff read when an act of theirs is refused."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

STAFF_WORDS: Final[dict[str, Any]] = {
    "act_refused": _("This cannot be done."),
    "not_permitted": _("Your role may not do this."),
    "reason_missing": _("Please say why."),
    "typed_wrong": _("To confirm, type exactly: %(expected)s"),
    "form_stale": _("This form is incomplete. Open it again."),
    "same_person": _("You asked for this yourself: somebody else has to decide."),
    "already_decided": _("This was decided before."),
    "asker_gone": _(
        "Whoever asked for this may not ask for it any more. Decline it: who still wants it asks anew."
    ),
    "already_named": _("Somebody named its transaction already."),
    "staff_unknown": _("There is no such thing here."),
    "release_delivered": _("The money was delivered: there is nothing to give back."),
    "release_returned": _("The money went back already."),
    "release_not_opened": _("Nothing was taken: there is nothing to give back."),
    "release_too_early": _(
        "Until the time to deliver is over nobody can prove that it was not delivered. In %(left_seconds)s s it "
        "can be released."
    ),
    "release_after_expiry": _(
        "No proof is possible any more. The refund is open to anybody after it expires."
    ),
    "order_ended": _("This transfer is over."),
    "nothing_under_way": _("No transaction of this transfer is waiting."),
    "not_to_be_filled": _("This transfer does not wait to be delivered."),
    "fill_under_way": _("Its delivery is under way: a second one must not be sent."),
    "paused_already": _("It is paused already."),
    "not_paused": _("It is not paused by staff. What was paused automatically goes on by itself."),
    "paused_anew": _("It was let go of and paused anew since this was asked: ask again."),
    "asked_already": _("Somebody asked for this already; it waits for a second person."),
    "gone_already": _("This chain was declared gone already."),
    "still_answers": _(
        "It cannot be declared gone: a node of it answers, or nobody has looked at its nodes in the last minute."
    ),
    "silent_too_short": _(
        "None of its nodes has answered for %(minutes)s minutes. It can be declared gone after %(needed)s."
    ),
    "leaving_already": _("This chain is leaving already."),
    "stock_choice_wrong": _("Our stock either goes home or stays: choose one."),
    "not_treasury": _("Stock may only go to an address of the treasury list."),
    "not_the_orders": _("Goodwill goes to the transfer's own user or recipient only."),
    "stock_promised": _("There is not so much stock that nobody was promised."),
    "over_goodwill": _(
        "That is more than goodwill may be for this transfer: at most %(most_usd)s USD in all."
    ),
    "unpriced": _("There is no trustworthy price for this token at the moment."),
    "not_a_raise": _("The limit is at least that high already."),
    "amount_wrong": _("That is not an amount of this token."),
    "not_its_transaction": _("That transaction does not make this call."),
    "assignee_unknown": _("There is no such member of staff."),
    "text_missing": _("Please write something."),
    "resolved_already": _("It is marked as resolved already."),
}
