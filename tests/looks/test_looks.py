"""Every page in every state, by every pair of language, theme and width: accessible, in one piece, without errors."""

import pytest
from playwright.sync_api import Browser

from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie
from tests.browser.conftest import is_problem

from .scenes import SCENES
from .stage import LOOKS, Look, staged
from .stage import faults as faults_of

pytestmark = pytest.mark.django_db(transaction=True)

# An address that the page does not believe is taken away: a scene has no contracts to check it by.
JUMPING = {"transfer-awaiting"}
# Each scene in one look: all pairs come round many times over.
ROUND = [(name, LOOKS[number % len(LOOKS)]) for number, name in enumerate(SCENES)]


@pytest.mark.parametrize(("name", "look"), ROUND, ids=[f"{name}-{look}" for name, look in ROUND])
def test_a_page_is_accessible_and_fits(browser: Browser, stage: str, name: str, look: Look) -> None:
    cookie = new_browser_cookie()
    path = SCENES[name](browser_key({BROWSER_COOKIE: cookie}))
    problems: list[str] = []
    with staged(browser, stage, look, cookie=cookie) as page:
        page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path)
        page.wait_for_timeout(300)
        # What is wrong with a chain is known a moment after the form: here nobody makes blocks.
        may_jump = name in JUMPING or page.locator(".chosen.held").count() > 0
        assert faults_of(page, may_jump=may_jump) == []
        assert page.evaluate("document.documentElement.lang").startswith(look.language)
    assert not problems, problems
