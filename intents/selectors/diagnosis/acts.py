"""The acts of staff that a diagnosis may suggest, by the names under which the console offers them."""

from typing import Final

from django.utils.translation import gettext_lazy as _

NONE: Final = ""
RETRY: Final = "retry"
BUMP: Final = "bump"
RESOLVE: Final = "resolve"
RELEASE_REFUND: Final = "release_refund"
PAUSE: Final = "pause"

ACT_WORDS: Final = {
    NONE: _("Nothing needs doing."),
    RETRY: _("Once the cause is gone, have the step tried again at once."),
    BUMP: _("Offer more for the transaction that is stuck."),
    RESOLVE: _("Have another way to pay it out looked for now."),
    RELEASE_REFUND: _("Release the refund as soon as the time to pay it out is over."),
    PAUSE: _("Pause the chain until it is clear what happens there."),
}
