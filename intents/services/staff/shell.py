"""Whoever runs a command on our machine: they hold the keys anyway, and are recorded by the name of their account."""

import getpass
import secrets
from typing import Any

from django.contrib.auth import get_user_model

from intents.chains import registry
from intents.engine import departures, outside
from intents.engine.unbooked import Effect
from intents.models import Departure, StaffRequest

from . import gone, requests
from .audit import Actor
from .errors import NotPermitted, Unknown
from .once import Change, Form, once
from .pauses import CHAIN, DRAIN, brake_named, release
from .roles import ASK_REQUESTS, PAUSE, may


class Shell(Actor):
    """Nobody of the staff, or the member named; may do what one person may."""

    def may(self, permission: str) -> bool:
        """A shell on our machine may what the console may."""
        return True


def at_shell(name: str = "") -> Actor:
    """Who acts at a shell: the member of staff with this name, else nobody. Raises Unknown."""
    user: Any = None
    if name:
        user = get_user_model().objects.filter(username=name, is_active=True).first()
        if user is None:
            raise Unknown(name)
    return Shell(user=user, name=f"shell: {name or getpass.getuser()}")


def form_of(subject: str, reason: str) -> Form:
    """What the shell confirms by naming it."""
    return Form(reason=reason, typed=subject, token=secrets.token_hex(16))


def leave(slug: str, actor: Actor, *, reason: str, stock: str) -> StaffRequest | None:
    """Have a chain leave: at once where every chain is local, else ask for it, and a second person decides.

    The request that waits, None when it began. Raises ActRefused.
    """
    wanted = requests.leave(chain=slug, stock=stock)
    if _takes_two():
        return _ask(wanted, slug, actor, reason)
    brake = brake_named(DRAIN, slug)

    def deed() -> Change:
        departures.begin(
            brake.chain_id,
            kind=Departure.Kind.LEAVE,
            stock=Departure.Stock(stock),
            reason=reason.strip()[:200],
            user=actor.user,
        )
        return Change(before={}, after={"leaving": reason})

    once(actor, "leave", form_of(slug, reason), permission=PAUSE, kind="chain", subject=slug, deed=deed)
    return None


def declare_gone(slug: str, actor: Actor, *, reason: str) -> StaffRequest | None:
    """Declare a chain gone, as `leave` begins. Raises ActRefused."""
    wanted = requests.declare_gone(chain=slug)
    if _takes_two():
        return _ask(wanted, slug, actor, reason)

    def deed() -> Change:
        gone.declare(int(wanted.params["chain_id"]), reason=reason, user=actor.user)
        return Change(before={}, after={"gone": reason, "evidence": wanted.params})

    once(actor, "gone", form_of(slug, reason), permission=PAUSE, kind="chain", subject=slug, deed=deed)
    return None


def let_go(kind: str, slug: str, actor: Actor, *, reason: str) -> StaffRequest | None:
    """Let go of a brake that a person holds, as `leave` begins. Raises ActRefused."""
    wanted = requests.unpause(kind=kind, subject=slug)
    if _takes_two():
        return _ask(wanted, slug, actor, reason)

    def deed() -> Change:
        return Change(before={"paused": release(brake_named(kind, slug))}, after={"paused": ""})

    once(actor, "unpause", form_of(slug, reason), permission=PAUSE, kind="brake", subject=slug, deed=deed)
    return None


def book_transfer(slug: str, tx_hash: str, actor: Actor, *, reason: str) -> list[Effect]:
    """Have the books know a transfer that nothing of ours made; what it put where. Moves no money.

    Raises ActRefused, TransferNotFinal, TransferNotOutside, and what reading the chain raises.
    """
    chain = registry.chain(brake_named(CHAIN, slug).chain_id)
    tx_hash = tx_hash.strip().lower()
    effects = outside.outside(chain, tx_hash)

    def deed() -> Change:
        outside.book_outside(chain, tx_hash, effects)
        return Change(before={}, after={"tx_hash": tx_hash, "moved": [_told(each) for each in effects]})

    form = form_of(slug, reason)
    once(actor, "book_transfer", form, permission=PAUSE, kind="chain", subject=slug, deed=deed)
    return effects


def _told(effect: Effect) -> dict[str, str]:
    return {"token": effect.token, "account": effect.account, "amount": str(effect.amount)}


def _takes_two() -> bool:
    return not all(chain.is_local for chain in registry.all_chains().values())


def _ask(wanted: requests.Wanted, slug: str, actor: Actor, reason: str) -> StaffRequest:
    if actor.user is None:
        raise Unknown("--by")
    if not may(actor.user, ASK_REQUESTS):
        # Nobody could approve what a colleague asks for who may not ask.
        raise NotPermitted()
    return requests.ask(wanted, actor, form_of(slug, reason))
