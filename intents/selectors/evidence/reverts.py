"""Why a contract refused, in words: our own vocabulary, and what others are known to say."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# As in contracts/reverts.toml, by the error's name.
REVERTS: Final[dict[str, Any]] = {
    "AlreadyFilled": _("the output was filled before, so nothing was moved"),
    "ApproveFailed": _("the token refused an allowance"),
    "CallNotAllowed": _(
        "the destination call names one of our contracts or the delivered token, or gives an allowance"
    ),
    "CallNotSupported": _("finalise was given a call to make; this settler makes none"),
    "CodeSize0": _("an address that must be a contract has no code"),
    "DepositTooSmall": _("the deposit address holds less (second) than the input amount (first)"),
    "EqualInputs": _("both inputs of the order are of one token"),
    "EqualOutputs": _("both outputs of the order are the same, so one fill would count for both"),
    "ExclusiveTo": _("the output is reserved for another solver until a start time"),
    "FillDeadline": _("the fill deadline has passed"),
    "FillDeadlineAfterExpiry": _("the fill deadline (first) lies after the expiry (second)"),
    "FilledTooLate": _("the fill (second) happened after the order's deadline (first)"),
    "FillerDataTooShort": _("the filler data does not hold a 32-byte solver id"),
    "HasDirtyBits": _("an address has bits set above its 160"),
    "InvalidContextDataLength": _("the output's context has not the length of its kind"),
    "InvalidOrderStatus": _(
        "the order is not in the state this call needs: already opened, or not opened, or already paid out"
    ),
    "InvalidTimestampLength": _("there is not exactly one pair of solver and timestamp per output"),
    "LengthMismatch": _("two lists that belong together differ in length"),
    "MalformedMessage": _("the message is not a well-formed batch of payloads"),
    "NativeNotAlone": _("the native coin can only be the single input of an order opened by `open`"),
    "NoDestination": _("the receiving address is zero"),
    "NoInputs": _("the order has no input"),
    "NoOutputs": _("the order has no output"),
    "NoSuchOutput": _("the order has no output with this index"),
    "NotAllPayloadsValid": _("the application does not attest every payload to this oracle"),
    "NotDivisible": _(
        "the proof series (first: its bytes) is not a whole number of entries (second: bytes each)"
    ),
    "NotEnoughGas": _("too little gas was left to give a payout or a destination call all it may use"),
    "NotImplemented": _("the output's context names an order type this settler does not fill"),
    "NotMailbox": _("only the Mailbox hands over messages"),
    "NotOneInput": _("an order is opened out of its deposit address only with exactly one input"),
    "NotOperator": _("the caller is no operator of the solver account"),
    "NotOrderOwner": _("the caller is not the filler of the first output"),
    "NotOwner": _("the caller is not the owner of the solver account"),
    "NotPlain": _("a batch takes only ERC-20 outputs without a callback"),
    "NotProven": _("the oracle has not received the attestation"),
    "NotSettler": _("only the settler this contract belongs to may call it"),
    "NotUser": _("as long as the order can still be opened only its user may take the input back"),
    "NothingToClaim": _("no undelivered payout or stray deposit waits there"),
    "OutflowCapExceeded": _(
        "more of the token (first) would leave in this hour (second) than its cap allows"
    ),
    "PayloadTooSmall": _("a payload is too short to be a fill"),
    "PermitRefused": _("the token refused the permit, and the deposit address has no allowance"),
    "SettlerNotAllowed": _("the solver account does not use this settler"),
    "SignatureAndInputsNotEqual": _("there is not exactly one signature per input"),
    "SignatureNotSupported": _(
        "the first byte of the signature names no known kind, or not one this caller may use"
    ),
    "TimestampNotPassed": _("the deadline has not passed yet"),
    "TimestampPassed": _("the fill deadline has passed"),
    "TooLittleOutput": _("the swap yields less (second) than the least allowed (first)"),
    "TooMuchInput": _("the swap took more (second) than allowed (first)"),
    "TransferFailed": _("the token answered a transfer with false"),
    "UnknownCall": _("the contract has no such function"),
    "VenueNotAllowed": _("the solver account does not trade there"),
    "WrongAmountReceived": _("the token did not deliver exactly the input amount"),
    "WrongChain": _("the order or output (first) belongs to another chain than this one (second)"),
    "WrongOutputSettler": _("the output names another settler (second) than this one (first)"),
    "WrongRecipient": _("the surplus would go to somebody else than the output's recipient"),
    "WrongToken": _("the token does not belong to this batch or swap"),
    "WrongValue": _(
        "the native amount sent is not the input amount, or more than the output of a destination call"
    ),
    "ZeroValue": _("an amount or an id that must not be zero is"),
}
OTHERS: Final[dict[str, Any]] = {
    "OutOfGas": _("the gas limit was used up"),
    "Unreadable": _("the node could not run it again, so the reason is not known"),
    "NotReproduced": _("run again at the same block it succeeds: what came before it in the block mattered"),
    "Empty": _("the contract refused without saying why"),
    "Unknown": _("the contract refused with an error that we do not know"),
    "Error": _("the contract refused in its own words"),
    "Panic": _("the contract ran into an error of its own code"),
    "InvalidNonce": _("Permit2: this signature was used or cancelled before"),
    "InvalidSigner": _("Permit2: somebody else signed"),
    "SignatureExpired": _("Permit2: the signature is no longer valid"),
    "InsufficientAllowance": _("Permit2: it is not allowed to move enough of this token"),
    "ERC20InsufficientBalance": _("the account does not hold enough of the token"),
    "ERC20InsufficientAllowance": _("the token is not allowed to be moved"),
}


def revert_words(revert: Mapping[str, Any] | None) -> str:
    """A sentence for a stored {name, args}; the name with its arguments always stands in it."""
    if not revert:
        return ""
    name = str(revert.get("name") or "")
    arguments = ", ".join(str(argument) for argument in revert.get("args") or ())
    said = REVERTS.get(name, OTHERS.get(name, ""))
    plain = f"{name}({arguments})"
    return f"{said} – {plain}" if said else plain
