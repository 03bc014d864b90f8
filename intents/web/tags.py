"""Template filters for chain values: amounts, short hashes, durations."""

from datetime import UTC, datetime
from typing import Any, Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from intents.selectors.amounts import grouped, shown_amount
from intents.selectors.joins import joins_view

register = template.Library()

CONTRACTS: Final = {
    "input_settler": _("Holds the money"),
    "output_settler": _("Pays it out"),
    "call_executor": _("Makes calls on arrival"),
    "hyperlane_oracle": _("Carries the proof"),
    "deposit_implementation": _("Addresses to pay to"),
    "solver_account": _("Holds what is ready to be paid out"),
}


@register.inclusion_tag("parts/joins_live.html")
def joins_live() -> dict[str, Any]:
    """Chains on their way in, which move by themselves."""
    return {"joins": joins_view()}


@register.filter
def amount(units: int | str | None, decimals: int) -> str:
    """Base units as a grouped decimal text, rounded down to what a person reads."""
    return "–" if units is None else shown_amount(int(units), int(decimals))


@register.filter
def short(text: str) -> str:
    """The two ends of an address or hash."""
    return f"{text[:6]}…{text[-4:]}" if len(text) > 14 else text


@register.filter
def usd(usd_e8: int | str | None) -> str:
    """Dollars with cents, three places below ten cents, never a false zero; "" when unknown."""
    if usd_e8 is None or usd_e8 == "":
        return ""
    value = int(usd_e8)
    if value < 0:
        return f"+{usd(-value)}"
    if 0 < value < 100_000:
        return "< $0.001"
    if value < 10_000_000:
        return f"${value / 1e8:.3f}"
    return f"${grouped(f'{value / 1e8:.2f}')}"


@register.filter
def dollars(value: float | int | None) -> str:
    """A sum of dollars, with cents below a thousand; "–" when unknown."""
    if value is None:
        return "–"
    return f"${grouped(f'{value:.2f}' if abs(value) < 1000 else f'{value:.0f}')}"


@register.filter
def whole(value: int | None) -> str:
    """A count with its thousands set apart; "–" when unknown."""
    return "–" if value is None else grouped(str(value))


@register.filter
def contract_words(name: str) -> str:
    """What one of our contracts is called; another's keeps its name."""
    return str(CONTRACTS.get(name, name.replace("_", " ")))


@register.filter
def duration(seconds: float | int | None) -> str:
    """About how long, in the reader's language."""
    if seconds is None:
        return "–"
    whole = max(1, round(seconds))
    if whole < 90:
        return ngettext("%(count)d second", "%(count)d seconds", whole) % {"count": whole}
    minutes = round(whole / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


@register.filter
def running(seconds: float | int) -> str:
    """How long already, in the very words in which the page's script goes on counting: no line grows by them."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if minutes:
        return gettext("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    return gettext("{count} s").format(count=rest)


@register.filter
def clock(value: datetime | int | float | None) -> SafeString | str:
    """A moment as a `<time>` element that the page turns into local time; chain seconds or a datetime."""
    if value is None:
        return "–"
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-clock>{} UTC</time>', utc.isoformat(timespec="seconds"), f"{utc:%H:%M:%S}"
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A date with its time, as a `<time>` element that the page turns into local time."""
    if value is None:
        return "–"
    utc = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-moment>{} UTC</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M}",
    )


@register.filter
def exact(value: datetime | int | None) -> SafeString | str:
    """A date with its time, UTC in every browser: such moments are compared with logs. Chain seconds or a datetime."""
    if value is None:
        return "–"
    utc = value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, datetime):
        text += f".{utc.microsecond // 1000:03d}"
    return format_html('<time datetime="{}">{}</time>', utc.isoformat(timespec="milliseconds"), text)


@register.filter
def stop(seconds: float) -> str:
    """A moment as the time slider's addresses carry it: wall time in seconds, to the millisecond."""
    return f"{seconds:.3f}"
