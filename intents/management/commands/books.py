"""`manage.py books`: all books against all chains, what is under way between them, and what nobody can explain."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from intents.amounts import format_units
from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenNotSupported
from intents.engine.audit import ChainAudit, Line, audit
from intents.engine.unbooked import Unbooked
from intents.errors import WaymeetError
from intents.services.staff import shell

DIFFERS: Final = 1
UNKNOWN: Final = 2
PATIENCE_SECONDS: Final = 20.0
_WHAT: Final = {
    "open": "paid in",
    "finalise": "collected",
    "refund": "returned",
    "claim": "claimed by its user",
    "collection": "collected, after its token had refused",
    "fill": "delivered",
    "move": "stock moved",
    "request": "approved by two people, not final yet",
    "stranger": "a stranger's order that is none of ours",
}


class Command(BaseCommand):
    """Exit code 0 when every chain is in order, 1 for a difference that nothing explains, else 2 for an unknown one."""

    help = "Compare the books with what our contracts hold on every chain, each at one block."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE_SECONDS,
            metavar="SECONDS",
            help="how long what is not in order is looked at again, since what is under way takes a moment to be"
            " booked (default %(default)s)",
        )

        parser.add_argument(
            "--book",
            nargs=2,
            metavar=("CHAIN", "TRANSACTION"),
            help="first have the books know a transfer that nothing of ours made, such as stock that the owner brought",
        )
        parser.add_argument("--reason", default="", help="why it is known, for the record; --book needs it")
        parser.add_argument("--by", default="", metavar="NAME", help="the member of staff who acts")

    def handle(
        self, *args: Any, patience: float, book: list[str] | None, reason: str, by: str, **options: Any
    ) -> None:
        """Print every token of every chain that is booked or held."""
        if book:
            self._book(*book, reason=reason, by=by)
        found = audit(patience_seconds=patience)
        for each in found:
            for text in _chain(each):
                self.stdout.write(text)
        differing = [each.chain.slug for each in found if each.unexplained]
        unknown = [each.chain.slug for each in found if each.unknown]
        in_order = sum(each.is_in_order for each in found)
        self.stdout.write(f"{in_order} of {len(found)} chains in order")
        if differing:
            raise CommandError(f"nothing explains what differs on {', '.join(differing)}", returncode=DIFFERS)
        if unknown:
            raise CommandError(f"unknown: {', '.join(unknown)}", returncode=UNKNOWN)

    def _book(self, slug: str, tx_hash: str, *, reason: str, by: str) -> None:
        try:
            effects = shell.book_transfer(slug, tx_hash, shell.at_shell(by), reason=reason)
        except WaymeetError as error:
            raise CommandError(str(error.words())) from error
        chain = next(each for each in registry.all_chains().values() if each.slug == slug)
        for each in effects:
            self.stdout.write(f"booked: {_signed(chain, each.token, each.amount)} {each.account}")


def _chain(found: ChainAudit) -> Iterator[str]:
    place = "" if found.block is None else f"  block {found.block}, {time.time() - found.seen_at:.0f} s old"
    said = "in order" if found.is_in_order else "unknown" if found.unknown else "differs"
    yield f"{found.chain.slug}{place}: {said}"
    if found.unknown:
        yield f"  {found.unknown}"
        return
    for line in found.lines:
        if line.booked or line.held:
            yield from _line(found.chain, line)
    for token, amount in sorted(found.on_the_way.items()):
        yield f"  {_amount(found.chain, token, amount)} of our stock on its way to another chain"
    for token, amount in sorted(found.withheld.items()):
        yield f"  {_amount(found.chain, token, amount)} in the escrow is owed to us: its token refused to pay us"


def _line(chain: ChainManifest, line: Line) -> Iterator[str]:
    held = _amount(chain, line.token, line.held)
    if line.held == line.booked:
        yield f"  {line.account:<10} {held}"
        return
    booked = _amount(chain, line.token, line.booked)
    yield f"  {line.account:<10} {held} held, {booked} booked"
    for each in line.under_way:
        yield f"    {_signed(chain, line.token, line.effect(each))}  {_fact(each)}"
    if not line.unexplained:
        return
    yield f"    {_signed(chain, line.token, line.unexplained)}  UNEXPLAINED"
    for other in line.strange:
        way = "to" if other.amount < 0 else "from"
        yield (
            f"      perhaps {_signed(chain, line.token, other.amount)} {way} {other.other}"
            f"  {other.tx_hash} block {other.block_number}, a transaction that is not known here"
        )


def _fact(found: Unbooked) -> str:
    said = "" if found.is_awaited else "; not booked, and nobody looks at it any more"
    return f"{_WHAT[found.what]}: {found.subject}  {found.tx_hash} block {found.block_number}{said}"


def _signed(chain: ChainManifest, token: str, units: int) -> str:
    return f"{'+' if units > 0 else '-'}{_amount(chain, token, abs(units))}"


def _amount(chain: ChainManifest, token: str, units: int) -> str:
    try:
        known = chain.token(token)
    except TokenNotSupported:
        return f"{units} base units of {token}"
    sign = "-" if units < 0 else ""
    return f"{sign}{format_units(abs(units), known.decimals)} {known.symbol}"
