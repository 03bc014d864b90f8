"""The ways to confirm a quote as people read them: what is used, what else works, and why the rest does not."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from intents.models import Quote

from .sentences import words

USED = {
    "eip3009": _("One signature for this token. No gas, no approval."),
    "permit2": _("One signature through Permit2, which your wallet already lets move this token. No gas."),
    "permit": _("One signature that lets only this transfer take the exact amount. No gas."),
    "batch": _("One step of your wallet: it approves exactly this amount and pays. You pay the gas."),
    "native": _("One payment from your wallet. You pay the gas."),
    "deposit": _(
        "One plain payment to this transfer's own address, from any wallet. The sender pays the gas."
    ),
}

NAMES = {
    "eip3009": _("Signature for this token"),
    "permit2": _("Signature through Permit2"),
    "permit": _("Signature for this transfer alone"),
    "batch": _("Approve and pay in one step"),
    "native": _("Payment from your wallet"),
    "deposit": _("Payment to an address"),
}

GAS = {"us": _("no gas"), "user": _("you pay the gas")}

REASONS = {
    "no_eip3009": _("This token does not know such signatures."),
    "no_allowance": _("Your wallet does not let Permit2 move this token."),
    "no_addresses": _("This chain has no addresses for single transfers."),
    "no_permit": _("This token knows no such permission."),
    "native_has_no_address": _("This coin is paid from the wallet itself."),
    "native_has_no_signature": _("This coin cannot be moved by a signature."),
    "native_needs_no_approval": _("This coin needs no approval."),
    "not_native": _("Only the chain's own coin is paid like this."),
    "token_asks_for_a_key": _("This token takes signatures of plain accounts only, and yours is a contract."),
    "account_cannot_check_signatures": _("Your account's code cannot verify signatures."),
    "wallet_cannot_batch": _("Your wallet does not offer several steps in one."),
    "insufficient_balance": _("Your wallet does not hold enough."),
    "insufficient_gas": _("Your wallet has too little of the chain's coin for the gas."),
    "token_refuses": _("The token refuses to leave your wallet: it is paused, or your address is listed."),
}


@dataclass(frozen=True, slots=True)
class ShownWay:
    """One way on the card; `note` says who pays the gas, or why it is not offered."""

    way: str
    name: str
    is_offered: bool
    is_used: bool
    note: str


def shown_ways(quote: Quote) -> tuple[ShownWay, ...]:
    """Every way of the quote, those that work first."""
    shown = [
        ShownWay(
            way=entry["way"],
            name=words(NAMES, entry["way"]),
            is_offered=entry["is_offered"],
            is_used=entry["way"] == quote.confirm_way,
            note=words(GAS, entry["gas_paid_by"]) if entry["is_offered"] else words(REASONS, entry["reason"]),
        )
        for entry in quote.ways
    ]
    return tuple(sorted(shown, key=lambda way: not way.is_offered))
