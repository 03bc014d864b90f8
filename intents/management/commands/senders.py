"""`manage.py senders`: which accounts send for us, whose key we hold now, and what of theirs is under way."""

from typing import Any

from django.core.management.base import BaseCommand

from intents.amounts import format_units
from intents.chains import accounts, registry
from intents.chains.client import client
from intents.chains.recovery import OPEN_STATES
from intents.models import Attempt, SendingAccount

COIN_DECIMALS = 18


class Command(BaseCommand):
    """An account that is no longer in use may lose its rights and its coins once nothing of it is under way."""

    help = "Show each chain's sending accounts: in use or not, transactions under way, coins."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line an account; asks each chain for its coins, and raises what that raises."""
        in_use = {role: accounts.address(role) for role in accounts.VARIABLES}
        for chain_id, manifest in sorted(registry.all_chains().items()):
            known = set(SendingAccount.objects.filter(chain_id=chain_id).values_list("role", "address"))
            for role, address in sorted(known | set(in_use.items())):
                if role not in in_use:
                    continue
                mine = Attempt.objects.filter(chain_id=chain_id, sender=address, state__in=OPEN_STATES)
                use = "in use" if in_use[role] == address else "not in use"
                coins = format_units(client(chain_id).balance(address), COIN_DECIMALS)
                self.stdout.write(
                    f"{manifest.slug:<12} {role:<9} {address}  {use:<10}  {mine.count()} under way  {coins}"
                )
