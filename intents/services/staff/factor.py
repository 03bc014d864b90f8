"""The second factor: one authenticator app a person, and codes that each serve once when the phone is lost."""

from typing import Any, Final

from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES: Final = 10
_NAME: Final = "recovery"


def app_of(user: Any) -> TOTPDevice | None:
    """The person's confirmed authenticator app."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def new_app(user: Any) -> TOTPDevice:
    """The app that is being set up: its secret stays the same until a code of it was right."""
    device, _is_new = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def confirm_app(device: TOTPDevice, code: str) -> bool:
    """Whether the code is right: then the app is the person's, and no other is being set up."""
    if not verify_token(device.user, device.persistent_id, code.strip()):
        return False
    with transaction.atomic():
        TOTPDevice.objects.filter(user=device.user).exclude(pk=device.pk).delete()
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    device.refresh_from_db()
    return True


def verified_by(user: Any, code: str) -> Any:
    """The device that this code is right for, None when there is none. A recovery code is used up by it.

    After wrong codes the next one is looked at only after a pause that doubles each time.
    """
    code = code.strip().replace(" ", "").lower()
    devices = [TOTPDevice, StaticDevice] if code.isdigit() else [StaticDevice]
    for kind in devices:
        device = kind.objects.filter(user=user, confirmed=True).first()
        if device is not None and verify_token(user, device.persistent_id, code):
            return device
    return None


@transaction.atomic
def new_recovery_codes(user: Any) -> list[str]:
    """Fresh codes in place of all earlier ones; they are shown once."""
    device, _is_new = StaticDevice.objects.get_or_create(user=user, name=_NAME)
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def codes_left(user: Any) -> int:
    """How many recovery codes were not used yet."""
    return StaticToken.objects.filter(device__user=user).count()


@transaction.atomic
def forget(user: Any) -> None:
    """The person sets up a new app at the next login: the old one is lost."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
