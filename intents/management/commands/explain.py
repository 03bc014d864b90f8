"""`manage.py explain <order id | tx hash | address>`: the life of a transfer, in words and evidence."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from intents.selectors.explain import Story, orders_about


class Command(BaseCommand):
    """Exit code 1 when nothing is known under that name."""

    help = "Tell the life of a transfer named by its order id, by one of its transactions or by an address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", help="order id, transaction hash or address")
        parser.add_argument("--lang", choices=list(dict(settings.LANGUAGES)), default="en")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            stories = [Story(order) for order in orders_about(options["reference"])]
            if not stories:
                raise CommandError(
                    _("Nothing is known under %(name)s.") % {"name": options["reference"][:80]}
                )
            if len(stories) > 1:
                for story in stories:
                    self.stdout.write(story.summary())
                return
            for line in stories[0].lines():
                self.stdout.write(line)
