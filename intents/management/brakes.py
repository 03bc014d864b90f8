"""What the subcommands have in common that stop a chain: their arguments, and letting go."""

from argparse import ArgumentParser

from intents.models import Departure, StaffRequest
from intents.services.staff import shell


def add_reason(parser: ArgumentParser) -> None:
    """Which chain, why, and who says so."""
    parser.add_argument("slug", help="the chain's short name, such as dogwood")
    parser.add_argument(
        "--reason", required=True, help="people read it, with their quote and on the network page"
    )
    parser.add_argument("--by", default="", metavar="NAME", help="the member of staff who acts")


def add_stock(parser: ArgumentParser) -> None:
    """What becomes of our stock there."""
    parser.add_argument("--stock", choices=Departure.Stock.values, default=Departure.Stock.LEFT.value)


def let_go(kind: str, slug: str, *, by: str, reason: str) -> str:
    """What the terminal says once a brake was let go of, or somebody was asked to. Raises ActRefused."""
    return said(
        shell.let_go(kind, slug, shell.at_shell(by), reason=reason), f"{slug} takes new transfers again"
    )


def said(request: StaffRequest | None, done: str) -> str:
    """Done, or which request waits for a second person."""
    return (
        done if request is None else f"asked for: a second person decides request {request.pk} in the console"
    )
