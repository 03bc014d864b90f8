"""`make screenshots`: every page and state, in both languages and themes, on a desk and a phone, to be looked at."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie

from .scenes import SCENES
from .stage import DESK, PHONE, Look, staged

pytestmark = [pytest.mark.matrix, pytest.mark.django_db(transaction=True)]

FOLDER = Path(settings.BASE_DIR) / "screenshots" / "pages"
LOOKS = [
    Look(language, theme, width)
    for language in ("en", "zh")
    for theme in ("light", "dark")
    for width in (DESK, PHONE)
]


@pytest.mark.parametrize("name", SCENES)
def test_a_page_is_taken_in_every_look(browser: Browser, stage: str, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    cookie = new_browser_cookie()
    path = SCENES[name](browser_key({BROWSER_COOKIE: cookie}))
    for look in LOOKS:
        with staged(browser, stage, look, cookie=cookie) as page:
            page.goto(path)
            page.wait_for_timeout(200)
            page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
    assert len(list(FOLDER.glob(f"{name}-*-*.png"))) >= len(LOOKS)
