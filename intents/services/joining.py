"""Chains that join: what may be asked, and what is said of it."""

from contextlib import suppress
from typing import Any, Final

import structlog
from django.utils.translation import gettext_lazy as _

from intents import wake
from intents.errors import WaymeetError, register_words
from intents.joining.errors import HeldByAnother
from intents.joining.rows import OutOfTime, run_join, waiting_joins
from intents.models import Join

from .words import text

log = structlog.get_logger(__name__)

# A task of the queue ends after half a minute.
TASK_SECONDS: Final = 18.0

JOIN_WORDS: Final = {
    "manifest_invalid": _("The manifest is wrong at %(key)s: %(problem)s."),
    "join_nobody": _("No chain is connected yet. Start the network first."),
    "join_held": _("Another run is at %(chain)s right now. Wait for it, or try again in a moment."),
    "join_not_as_described": _(
        "%(chain)s is not as its manifest says: %(problems)s. Mend the manifest or the node, then run this again."
    ),
    "join_contract_missing": _(
        "%(chain)s has no code for %(contract)s at %(address)s. Deploy it there or name another address, then run "
        "this again."
    ),
    "join_addresses_differ": _(
        "%(contract)s would be at %(here)s, but on %(peer)s it is at %(there)s. Use the keys with which the network "
        "was set up, or name the address in the manifest."
    ),
    "join_not_ours": _(
        "The manifest names %(contract)s on %(chain)s at %(address)s. Only at %(ours)s could nobody else have set it "
        "up. Leave it out of the manifest; or, if you vouch for it yourself, add %(entry)s to "
        "WAYMEET_TRUSTED_CONTRACTS, then run this again."
    ),
    "join_not_known": _(
        "The manifest names %(contract)s on %(chain)s at %(address)s, which is not the one that is publicly known. "
        "Run `manage.py chains import`, or leave the mailbox and what belongs to it out, so that ours come; or, if you "
        "trust whoever runs it, add %(entry)s to WAYMEET_TRUSTED_CONTRACTS, then run this again."
    ),
    "join_taken": _(
        "%(contract)s at %(address)s on %(chain)s belongs to %(owner)s, who is not us. Ask them to hand it over, or "
        "name another one in the manifest."
    ),
    "join_set_up": _(
        "%(contract)s at %(address)s on %(chain)s was set up by somebody else, and not as we would have. Make one of "
        "your own and name it in the manifest under bridges, then run this again."
    ),
    "join_refused": _(
        "%(chain)s refused “%(what)s”: %(reason)s. Look at the transaction, then run this again: it goes on here."
    ),
    "join_poor": _(
        "%(address)s has %(have)s wei on %(chain)s and needs about %(need)s. Send it there, then run this again."
    ),
    "join_nothing_changes": _(
        "On %(chain)s “%(what)s” had no effect. Look at the node, then run this again."
    ),
    "join_not_followed": _(
        "%(chain)s is connected, but its blocks are not read. Start `manage.py follow`, then run this again."
    ),
    "join_no_prices": _(
        "Nobody knows what %(coin)s is worth now. Start `manage.py follow` or name a price feed, then run this again."
    ),
    "join_gas_dear": _(
        "Gas for our senders on %(chain)s would be worth %(need)s USD, more than the %(most)s USD that a chain may "
        "start with. Look at max_fee_wei in the manifest, or raise WAYMEET_JOIN_GRANT_USD, then run this again."
    ),
    "join_no_key": _("This process has no owner's key. Set WAYMEET_OWNER_KEY, or run it where the key is."),
    "join_broken": _("Something went wrong here: %(what)s. What was done stays done; run this again."),
    "not_mined": _(
        "The chain has not taken our transactions for a long time. Run this again: it goes on here."
    ),
    "account_in_use": _(
        "Somebody else sends from the operator's account now. Wait for that, then run this again."
    ),
}
NOTE_WORDS: Final = {
    "join_own_core": _("Hyperlane is deployed by us; our %(signers)s validators sign for it"),
    "join_shared_core": _("Hyperlane was there before; its mailbox is not ours"),
    "join_message_fee": _("each message costs up to %(fee)s %(coin)s besides gas; prices count it"),
    "join_on_route": _("on the route %(route)s"),
    "join_unpriced": _("%(token)s has no price yet, so none of it is paid out"),
    "join_granted_before": _("it is connected, so it has had its starting inventory"),
    "join_cap_reached": _("%(token)s: the starting inventory is capped; it grows with use"),
    "join_operator_short": _("%(token)s: the operator's account has less than the chain should start with"),
    "join_granted": _("%(all)s USD of at most %(most)s USD, gas for our senders (%(gas)s USD) among them"),
    "join_peer_away": _("%(chain)s does not answer; run this again later to introduce the two"),
    "join_sending": _("%(count)s transactions are being sent"),
}

register_words(JOIN_WORDS)


def note_words(code: str, params: dict[str, Any]) -> str:
    """What a step found or is doing; the code itself where nobody has words for it."""
    template = NOTE_WORDS.get(code)
    if template is None:
        told = ", ".join(f"{name} {value}" for name, value in params.items())
        return f"{code} {told}".strip()
    return str(template) % params


def problem_words(code: str, params: dict[str, Any]) -> str:
    """What stands in the way, and what to do about it."""
    template = JOIN_WORDS.get(code)
    return str(template) % params if template is not None else text(code, params)


def join_advance(join_id: int) -> None:
    """Carry a join on for as long as a task may last; the sweep sees to the rest."""
    row = Join.objects.filter(pk=join_id).first()
    if row is None or row.state not in (Join.State.ASKED, Join.State.RUNNING):
        return
    with suppress(OutOfTime, HeldByAnother):
        try:
            run_join(row, seconds=TASK_SECONDS, keeps_trying=True)
        except WaymeetError as error:
            log.warning("join.stopped", chain=row.slug, code=error.code, error=str(error))


def joins_sweep() -> None:
    """Have workers carry on what was asked for in the console."""
    for join_id in waiting_joins():
        wake.join(join_id)
