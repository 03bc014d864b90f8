"""What is known about an address before money is sent there: from its letters, the chains, and earlier transfers."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.chains import registry
from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError
from intents.models import Order
from intents.services.intent import address_in, is_name, place_of
from intents.services.names import look_up, name_called
from intents.services.wallets import AccountKind, account_kind
from intents.services.words import text as words_of

from .access import Viewer, orders_of

REFUSE, DANGER, WARN, FINE = "refuse", "danger", "warn", "fine"
# Who makes look-alikes matches what wallets show: the two ends.
SAME_ENDS: Final = 4
MOST_RECENT: Final = 200
LOST: Final = {
    "zero": gettext_lazy("This is the zero address. What is sent there is lost."),
    "token": gettext_lazy("This is the address of a token. What is sent there is lost."),
    "contract": gettext_lazy("This is a contract of the network itself. What is sent there is lost."),
    "pool": gettext_lazy("This is a pool's address. What is sent there is lost."),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know about the address; `level` is refuse, danger, warn or fine."""

    code: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address looked at; `address` is its checksummed form, "" when it is none.

    `typed` is the name that was typed instead and leads there now, "" for none.
    """

    address: str
    notes: tuple[Note, ...]
    typed: str = ""


def receiver(text: str, *, target: str, source: str, seen_by: Viewer, user: str = "") -> Receiver | None:
    """Look at what was typed as receiver; `source` and `target` are choices such as alder:USDC. None for nothing.

    Earlier transfers are those of this browser and of a signed-in wallet; nobody else's are told.
    """
    typed = text.strip()
    if not typed:
        return None
    notes: list[Note] = []
    name = ""
    if is_name(typed):
        try:
            found = look_up(typed)
        except WaymeetError as error:
            return Receiver("", (Note("name", REFUSE, words_of(error.code, error.params)),))
        name, address = typed, found.address
        notes.append(_named(found.name))
    else:
        try:
            address = address_in({"recipient": typed}, "recipient")
        except WaymeetError as error:
            return Receiver("", (_malformed(error.params.get("reason")),))
    destination, origin = _chain(target), _chain(source)
    lost = place_of(address, tuple(chain for chain in (destination, origin) if chain))
    if lost:
        return Receiver(address, (Note(lost, REFUSE, str(LOST[lost])),))
    notes += [] if name else _called(address)
    notes += _exchange(address)
    notes += _look_alikes(address, seen_by, user)
    notes += _earlier(address, seen_by, user)
    if destination is not None:
        notes += _on_chain(address, destination, origin, user)
    return Receiver(address, tuple(notes), typed=name)


def _named(name: str) -> Note:
    words = _("%(name)s leads to this address now. What you confirm is the address.") % {"name": name}
    return Note("named", FINE, words)


def _called(address: str) -> list[Note]:
    name = name_called(address)
    words = _("It calls itself %(name)s, and this name leads back to it.") % {"name": name}
    return [Note("called", FINE, words)] if name else []


def _exchange(address: str) -> list[Note]:
    names = {known.lower(): name for known, name in settings.EXCHANGE_ADDRESSES.items()}
    words = _(
        "This address belongs to %(name)s. An exchange may not credit what a contract pays out: "
        "ask there first, or send to your own wallet."
    )
    name = names.get(address.lower(), "")
    return [Note("exchange", DANGER, words % {"name": name})] if name else []


def _malformed(reason: Any) -> Note:
    if reason == "checksum":
        words = _("A letter of this address is wrong: its capitals do not fit it. Copy it again.")
        return Note("checksum", REFUSE, words)
    words = _("That is not a valid address. It starts with 0x and has 40 more characters.")
    return Note("malformed", REFUSE, words)


def _chain(choice: str) -> ChainManifest | None:
    slug = choice.partition(":")[0]
    return next((chain for chain in registry.all_chains().values() if chain.slug == slug), None)


def _look_alikes(address: str, seen_by: Viewer, user: str) -> list[Note]:
    recent = orders_of(seen_by).values_list("recipient", flat=True)[:MOST_RECENT]
    known = {each for each in (*recent, user) if each}
    return [
        Note(
            "look_alike",
            DANGER,
            _(
                "Careful: it begins and ends like %(known)s, which you know, but is another address. "
                "Such look-alikes are made to deceive. Compare every letter."
            )
            % {"known": other},
        )
        for other in sorted(known)
        if _looks_like(address.lower(), other.lower())
    ]


def _looks_like(one: str, other: str) -> bool:
    is_same_end = (
        one[2 : 2 + SAME_ENDS] == other[2 : 2 + SAME_ENDS] and one[-SAME_ENDS:] == other[-SAME_ENDS:]
    )
    return one != other and is_same_end


def _earlier(address: str, seen_by: Viewer, user: str) -> list[Note]:
    if user and address.lower() == user.lower():
        return [Note("own", FINE, _("It is your own address."))]
    ids = orders_of(seen_by).order_by().values("pk")
    found = Order.objects.filter(pk__in=ids, recipient=address).aggregate(
        n=Count("pk"), last=Max("created_at")
    )
    if found["n"]:
        words = _("You sent there before, last on %(day)s.") % {"day": f"{found['last']:%Y-%m-%d}"}
        return [Note("known", FINE, words)]
    return [Note("first", WARN, _("You send there for the first time from here. Compare every letter."))]


def _on_chain(
    address: str, destination: ChainManifest, origin: ChainManifest | None, user: str
) -> list[Note]:
    facts = _read(address, destination)
    if facts is None:
        words = _("%(chain)s does not answer, so it is not known who this is there.") % {
            "chain": destination.name
        }
        return [Note("not_known", WARN, words)]
    kind, is_unused = facts
    place = {"chain": destination.name}
    if kind is AccountKind.CONTRACT:
        words = _(
            "On %(chain)s this is a contract. Send there only if it is yours and can pass on what arrives."
        )
        return [Note("contract", WARN, words % place)]
    if kind is AccountKind.KEY and origin is not None and origin.chain_id != destination.chain_id:
        there = _read(address, origin)
        if there is not None and there[0] is AccountKind.CONTRACT:
            words = _(
                "On %(origin)s this is a contract, such as a wallet of several people; on %(chain)s there is none at "
                "this address, and nobody could use what arrives."
            )
            return [Note("absent", REFUSE, words % {**place, "origin": origin.name})]
    if is_unused and address.lower() != user.lower():
        return [
            Note("unused", WARN, _("On %(chain)s this address was never used and holds nothing.") % place)
        ]
    return []


def _read(address: str, chain: ChainManifest) -> tuple[AccountKind, bool] | None:
    requests: list[tuple[str, list[Any]]] = [
        (method, [address, "latest"])
        for method in ("eth_getCode", "eth_getTransactionCount", "eth_getBalance")
    ]
    try:
        code, nonce, balance = client(chain.chain_id).batch(requests)
    except (WaymeetError, OSError):
        return None
    return account_kind(code), int(nonce, 16) == 0 and int(balance, 16) == 0
