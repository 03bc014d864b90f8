"""Signing in takes a name, a password and, where it is asked, a second factor; guessing is stopped."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from intents.models import AuditEntry
from intents.services.login import logged_in_wallet
from intents.services.staff import factor, people, sessions
from intents.services.staff.errors import NotPermitted
from intents.services.staff.roles import DECIDE_REQUESTS, PERMISSIONS, VIEW_TRANSFERS, is_let_in, may
from tests.console.actors import actor, form, staff_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def always(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "always"


def sign_in(client: Client, user: Any, *, password: str = "right-password", **more: Any) -> Any:
    data = {"username": user.get_username(), "password": password, **more}
    return client.post(reverse("console:login"), data)


def code_of(device: TOTPDevice, *, later: int = 0) -> str:
    return f"{totp(device.bin_key, t0=-device.step * later):06d}"


def enrolled(client: Client, user: Any) -> list[str]:
    sign_in(client, user)
    client.get(reverse("console:second_factor"))
    device = TOTPDevice.objects.get(user=user)
    answer = client.post(reverse("console:second_factor"), {"code": code_of(device)}, follow=True)
    return re.findall(r"<li><code>([a-z2-7]{8})</code></li>", answer.content.decode())


def test_name_and_password_lead_to_where_one_wanted_to_go(client: Client) -> None:
    user = staff_user("viewer")
    asked = client.get(reverse("console:home"))
    assert asked.status_code == 302 and asked["Location"].startswith(reverse("console:login"))
    assert client.get(asked["Location"]).status_code == 200
    answer = sign_in(client, user, next=reverse("console:network"))
    assert answer["Location"] == reverse("console:network")
    assert client.get(answer["Location"]).status_code == 200
    assert AuditEntry.objects.filter(action="login", actor=user).count() == 1


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(client: Client, elsewhere: str) -> None:
    assert sign_in(client, staff_user("viewer"), next=elsewhere)["Location"] == reverse("console:home")


def test_five_failed_tries_lock_this_name_from_this_address_only(client: Client) -> None:
    user, colleague = staff_user("support"), staff_user("support")
    for _ in range(4):
        assert sign_in(client, user, password="wrong").status_code == 400
    assert sign_in(client, user, password="wrong").status_code == 429
    locked = sign_in(client, user)
    assert locked.status_code == 429
    assert "quarter of an hour" in locked.content.decode()
    assert client.get(reverse("console:home")).status_code == 302
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), user).status_code == 302
    assert sign_in(client, colleague).status_code == 302


def test_a_lock_is_ended_from_the_shell_and_that_is_on_record(client: Client) -> None:
    user = staff_user("support")
    for _ in range(6):
        sign_in(client, user, password="wrong")
    call_command("staff", "unlock", user.get_username())
    assert sign_in(client, user).status_code == 302
    assert AuditEntry.objects.filter(action="staff_unlock", subject_id=user.get_username()).exists()


def test_where_all_chains_are_local_a_password_is_enough(client: Client) -> None:
    sign_in(client, staff_user("viewer"))
    assert client.get(reverse("console:home")).status_code == 200


def test_the_second_factor_is_set_up_once_and_asked_for_from_then_on(client: Client, always: None) -> None:
    user = staff_user("viewer")
    sign_in(client, user)
    sent = client.get(reverse("console:home"))
    assert sent["Location"].startswith(reverse("console:second_factor"))
    page = client.get(sent["Location"]).content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert "data:image/svg" in page and not device.confirmed
    wrong = client.post(reverse("console:second_factor"), {"code": "000000"})
    assert wrong.status_code == 400 and client.get(reverse("console:home")).status_code == 302
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    answer = client.post(reverse("console:second_factor"), {"code": code_of(device)}, follow=True)
    assert answer.content.decode().count("<li><code>") == factor.RECOVERY_CODES
    assert client.get(reverse("console:home")).status_code == 200
    again = Client()
    sign_in(again, user)
    assert again.get(reverse("console:home")).status_code == 302
    assert "data:image/svg" not in again.get(reverse("console:second_factor")).content.decode()


def test_a_code_of_the_app_serves_once(client: Client, always: None) -> None:
    user = staff_user("viewer")
    enrolled(client, user)
    device = TOTPDevice.objects.get(user=user)
    code = code_of(device, later=1)
    for expected in (302, 400):
        other = Client()
        sign_in(other, user)
        assert other.post(reverse("console:second_factor"), {"code": code}).status_code == expected


def test_a_recovery_code_serves_once_and_is_shown_once(client: Client, always: None) -> None:
    user = staff_user("viewer")
    codes = enrolled(client, user)
    assert len(codes) == factor.RECOVERY_CODES
    assert codes[0] not in client.get(reverse("console:second_factor")).content.decode()
    first, second = Client(), Client()
    for each, expected in ((first, 302), (second, 400)):
        sign_in(each, user)
        assert each.post(reverse("console:second_factor"), {"code": codes[3]}).status_code == expected
    assert first.get(reverse("console:home")).status_code == 200
    assert second.get(reverse("console:home")).status_code == 302
    assert StaticToken.objects.filter(device__user=user).count() == factor.RECOVERY_CODES - 1


def test_wrong_codes_slow_the_next_one_down(client: Client, always: None) -> None:
    user = staff_user("viewer")
    enrolled(client, user)
    device = TOTPDevice.objects.get(user=user)
    other = Client()
    sign_in(other, user)
    for _ in range(4):
        other.post(reverse("console:second_factor"), {"code": "000000"})
    right = {"code": code_of(device, later=1)}
    assert other.post(reverse("console:second_factor"), right).status_code == 400


def test_anothers_device_is_no_second_factor(client: Client, always: None) -> None:
    victim, thief = staff_user("viewer"), staff_user("viewer")
    enrolled(client, thief)
    device = TOTPDevice.objects.get(user=thief)
    other = Client()
    other.force_login(victim, backend="django.contrib.auth.backends.ModelBackend")
    session = other.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    assert other.get(reverse("console:home")).status_code == 302
    assert not is_let_in(victim, "view_transfers", session)
    assert is_let_in(thief, "view_transfers", session)


def test_a_lost_app_is_reset_from_the_shell(client: Client, always: None) -> None:
    user = staff_user("viewer")
    enrolled(client, user)
    call_command("staff", "reset-factor", user.get_username())
    other = Client()
    sign_in(other, user)
    assert "data:image/svg" in other.get(reverse("console:second_factor")).content.decode()


def test_a_session_from_before_a_reset_sets_up_no_new_app(client: Client, always: None) -> None:
    """It may be on the very machine that was stolen."""
    user = staff_user("support")
    enrolled(client, user)
    people.change(user, people.RESET_FACTOR)
    answer = client.get(reverse("console:second_factor"))
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("console:login"))
    assert not TOTPDevice.objects.filter(user=user).exists()
    assert "_auth_user_id" not in client.session
    sign_in(client, user)
    assert client.get(reverse("console:second_factor")).status_code == 200


def test_leaving_ends_the_session(client: Client) -> None:
    sign_in(client, staff_user("viewer"))
    client.post(reverse("console:logout"))
    assert client.get(reverse("console:home")).status_code == 302
    assert client.get(reverse("console:logout")).status_code == 405


def test_the_admin_pages_have_the_same_gate(client: Client, always: None, settings: Any) -> None:
    admin, user = f"/{settings.STAFF_PATH}", staff_user("admin")
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert reverse("console:login") in client.get(admin, follow=True).redirect_chain[-1][0]
    sign_in(client, user)
    assert reverse("console:second_factor") in client.get(admin, follow=True).redirect_chain[-1][0]
    enrolled(client, user)
    assert client.get(admin).status_code == 200
    for path in ("auth/user/add/", f"auth/user/{user.pk}/password/", "auth/group/add/"):
        assert client.get(admin + path).status_code == 403
    assert client.get(admin + "otp_totp/totpdevice/").status_code == 404


def test_who_is_no_staff_does_not_see_the_admin_pages(client: Client, settings: Any) -> None:
    sign_in(client, staff_user("admin"))
    assert client.get(f"/{settings.STAFF_PATH}", follow=True).status_code == 403


def test_roles_are_changed_from_the_shell() -> None:
    user = staff_user("viewer", "vera")
    call_command("staff", "role", "vera", "operator")
    assert [group.name for group in user.groups.all()] == ["operator"]
    call_command("staff", "dismiss", "vera")
    user.refresh_from_db()
    assert not user.is_active and not user.groups.exists()
    with pytest.raises(CommandError):
        call_command("staff", "role", "nobody", "viewer")


def test_whoever_is_given_a_role_holds_nothing_besides() -> None:
    user = get_user_model().objects.create_superuser("root", password="right-password")
    user.user_permissions.add(Permission.objects.get(codename=DECIDE_REQUESTS))
    call_command("staff", "role", "root", "viewer")
    user = get_user_model().objects.get(pk=user.pk)
    assert [each for each in PERMISSIONS if may(user, each)] == [VIEW_TRANSFERS]


def test_an_admin_helps_a_colleague_in_but_not_herself(client: Client, always: None) -> None:
    user, admin = staff_user("support"), actor("admin")
    enrolled(client, user)
    name = user.get_username()
    assert people.help_in(name, people.RESET_FACTOR, admin, form(name))
    assert factor.app_of(user) is None
    with pytest.raises(NotPermitted):
        people.help_in(admin.name, people.RESET_FACTOR, admin, form(admin.name))
    with pytest.raises(NotPermitted):
        people.help_in(name, people.RESET_FACTOR, actor("operator"), form(name))
    [entry] = AuditEntry.objects.filter(action="reset_factor", subject_id=name)
    assert (entry.before, entry.after) == ({"has_app": True}, {"has_app": False})


def test_nobody_gets_a_role_by_the_pages() -> None:
    assert set(people.HELPS) == {"unlock", "reset_factor"}


@pytest.mark.parametrize("limit", ["STAFF_IDLE_SECONDS", "STAFF_SESSION_SECONDS"])
def test_a_login_ends_after_a_while_and_a_working_day_and_leads_back(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    user, page = staff_user("viewer"), reverse("console:network")
    sign_in(client, user)
    session = client.session
    session["wallet"] = "0xAbc"
    session.save()
    started = session[sessions.BEGAN_AT]
    is_idle = limit == "STAFF_IDLE_SECONDS"
    step = settings.STAFF_IDLE_SECONDS * 0.9
    clock = {"now": started + step}
    monkeypatch.setattr(sessions, "time", SimpleNamespace(time=lambda: clock["now"]))
    # Used again and again it lasts, though never longer than a day's work.
    assert client.get(page).status_code == 200
    clock["now"] = started + (2 * step + settings.STAFF_IDLE_SECONDS if is_idle else 2 * step)
    if not is_idle:
        while clock["now"] < started + settings.STAFF_SESSION_SECONDS:
            assert client.get(page).status_code == 200
            clock["now"] += step
    assert not is_let_in(user, VIEW_TRANSFERS, client.session)
    ended = client.get(page)
    assert ended.status_code == 302 and ended["Location"].startswith(reverse("console:login"))
    assert "_auth_user_id" not in client.session
    assert logged_in_wallet(client.session) == "0xAbc", "the wallet that signed in with it stays"
    assert "signed out" in client.get(ended["Location"]).content.decode()
    assert sign_in(client, user, next=page)["Location"] == page
    assert client.get(page).status_code == 200


def test_what_an_open_page_asks_for_by_itself_keeps_nobody_signed_in(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, staff_user("viewer"))
    used = client.session[sessions.USED_AT]
    later = used + settings.STAFF_IDLE_SECONDS / 2
    monkeypatch.setattr(sessions, "time", SimpleNamespace(time=lambda: later))
    client.get(reverse("console:transfer_person", args=["0x" + "ab" * 32]))
    assert client.session[sessions.USED_AT] == used
    client.get(reverse("console:home"))
    assert client.session[sessions.USED_AT] > used
