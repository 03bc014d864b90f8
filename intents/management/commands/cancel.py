"""`manage.py cancel LINK --key …`: take a confirmation back before the transfer begins. Needs no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.chains.manifest import TokenNotSupported
from intents.chains.manifest_reader import ManifestError
from intents.chains.registry import read_directory
from intents.client.api import ApiError, ApiUnreachable, Submitted, WaymeetClient
from intents.client.cancel import CannotCancel, cancel
from intents.client.chain_reader import ChainUnreachable
from intents.client.transfer import DEMO_KEY
from intents.settlement.cancelling import WAYS
from intents.settlement.order import StandardOrder, order_from_json
from intents.settlement.recovery_code import PREFIX, RecoveryCodeMalformed, order_of


class Command(BaseCommand):
    """One transaction of the signer's own, whose gas the signer pays."""

    help = "Cancel a transfer that has not begun: what was signed for it can then never be used."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("transfer", help="its link (/t/0x…?k=…) or its recovery code (wm1.…)")
        parser.add_argument("--key", default="", help="the key that signed; on local chains the demo wallet")
        parser.add_argument(
            "--way", choices=sorted(WAYS), default="", help="how it was signed, if not obvious"
        )
        parser.add_argument("--network", type=Path, default=settings.NETWORK_DIR, help="folder of manifests")

    def handle(self, *args: Any, transfer: str, key: str, way: str, network: Path, **options: Any) -> None:
        try:
            order, known_way = _order(transfer)
            chains = {chain.chain_id: chain for chain in read_directory(network)}
            origin = chains.get(order.origin_chain_id)
            if origin is None:
                raise CommandError(f"chain {order.origin_chain_id} is not in {network}")
            if not key and not origin.is_local:
                raise CommandError("give --key: the demo wallet exists on local test chains only")
            tx_hash = cancel(order, key=key or DEMO_KEY, origin=origin, way=way or known_way)
        except (CannotCancel, ChainUnreachable, ApiError, ApiUnreachable) as error:
            raise CommandError(f"{error.code}: {error}") from error
        except (ManifestError, TokenNotSupported, RecoveryCodeMalformed) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"cancelled in {tx_hash}: nothing can be taken with this confirmation any more")


def _order(text: str) -> tuple[StandardOrder, str]:
    """The order and how it was signed, "" where the text does not tell."""
    if text.startswith(PREFIX):
        return order_of(text), ""
    parts = urlsplit(text)
    share_key = parse_qs(parts.query).get("k", [""])[0]
    order_id = parts.path.rstrip("/").rsplit("/", 1)[-1]
    if not parts.netloc or not share_key:
        raise CommandError("give the whole link with its ?k=…, or the recovery code")
    client = WaymeetClient(f"{parts.scheme}://{parts.netloc}")
    found = client.order(Submitted(order_id=order_id, share_key=share_key, url="", state=""))
    return order_from_json(found["order"]), str(found["confirm_way"])
