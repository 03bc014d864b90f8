"""`manage.py transfer 100 alder:USDC birch:WETH`: one transfer over the HTTP API, from any machine."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.amounts import format_units
from intents.client.api import ApiError, ApiUnreachable, WaymeetClient
from intents.client.signing import RefusedToSign
from intents.client.transfer import Asked, CannotStart, Outcome, run
from intents.client.trust import ServerNotTrusted, Trust, TrustMissing

WAYS = ("auto", "eip3009", "permit2", "permit", "batch", "native", "deposit")
DEFAULT_URL = "http://127.0.0.1:8000"
NOT_TRUSTED = 3


class Command(BaseCommand):
    """Exit code 0 only when the recipient has at least the signed minimum; 3 when the server is not believed."""

    help = "Transfer tokens between chains through a running Waymeet; needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("amount", help="how much, such as 100 or 0.5")
        parser.add_argument(
            "source", metavar="chain:token", help="what you give, such as alder:USDC, or any:USDC"
        )
        parser.add_argument("target", metavar="chain:token", help="what you want, such as birch:WETH")
        parser.add_argument("--to", default="", help="recipient; your own address when absent")
        parser.add_argument(
            "--key", default="", help="private key that signs; on local chains the demo wallet"
        )
        parser.add_argument("--confirm", choices=WAYS, default="auto")
        parser.add_argument("--app", default="", help="put what arrives into this app, such as birch:vault")
        parser.add_argument(
            "--gas",
            choices=("auto", "yes", "no"),
            default="auto",
            help="some of the destination's coin besides; auto: when the recipient has none",
        )
        parser.add_argument(
            "--exact", choices=("input", "output"), default="input", help="which side AMOUNT is"
        )
        parser.add_argument("--url", default="", help="where Waymeet runs; the running demo when absent")
        parser.add_argument(
            "--trust-server",
            action="store_true",
            help="believe the contracts that the server names, unchecked; without this the command stops "
            "with exit code 3 when they are not those of .cache/trust.json, which `manage.py trust` writes",
        )
        languages = list(dict(settings.LANGUAGES))
        parser.add_argument("--lang", choices=languages, default="en", help="language of messages")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Asked(**{name: options[name] for name in Asked.__slots__})
        try:
            client = WaymeetClient(options["url"] or running_url(), language=options["lang"])
            trust = None if options["trust_server"] else Trust.read(settings.CACHE_DIR / "trust.json")
            outcome = run(asked, client=client, say=self._say, trust=trust)
        except ApiUnreachable as error:
            raise CommandError(f"{error} – is Waymeet running? Start it with: make demo") from error
        except (ServerNotTrusted, TrustMissing) as error:
            hint = "nothing was asked or signed; --trust-server believes the server"
            raise CommandError(f"{error.code}: {error}; {hint}", returncode=NOT_TRUSTED) from error
        except (CannotStart, ApiError, RefusedToSign) as error:
            raise CommandError(f"{error.code}: {_words(error)}") from error
        except KeyboardInterrupt as error:
            raise CommandError("stopped looking; the transfer goes on by itself", returncode=130) from error
        self._tell(outcome, client=client, target=asked.target)

    def _tell(self, outcome: Outcome, *, client: WaymeetClient, target: str) -> None:
        chain, _, name = target.partition(":")
        token = client.network().chain(chain).token(name)
        if not outcome.is_delivered:
            raise CommandError(f"not delivered: the transfer is {outcome.state.replace('_', ' ')}")
        if outcome.received is None:
            self._say("delivered; this machine could not read the chain to see the amount for itself")
            return
        amount = f"{format_units(outcome.received, token.decimals)} {token.symbol}"
        if not outcome.is_success:
            raise CommandError(f"the chain shows only {amount}, less than was signed")
        self._say(f"received {amount} in {outcome.seconds:.1f} s, as read from the chain")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def running_url() -> str:
    """Where the demo of this checkout runs, else the usual port."""
    written = settings.RUN_DIR / "url"
    return written.read_text().strip() if written.exists() else DEFAULT_URL


def _words(error: Exception) -> str:
    return (error.message if isinstance(error, ApiError) else "") or str(error)
