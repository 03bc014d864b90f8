"""A page whose socket died without a word, or was refused: it asks by itself meanwhile, and comes back."""

import pytest
from playwright.sync_api import Browser, Page

from intents.live.frames import BEAT, BEAT_SECONDS, TOO_MANY
from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie

from .scenes import SCENES

pytestmark = pytest.mark.django_db(transaction=True)

# Sockets that do what the test says; and how often the page asks without one.
SOCKETS = """
window.lines = [];
window.asked = 0;
window.addEventListener("waymeet:poll", () => (window.asked += 1), true);
window.WebSocket = class extends EventTarget {
  OPEN = 1;
  readyState = 0;
  constructor(url) {
    super();
    this.url = url;
    for (const name of ["open", "message", "close", "error"]) {
      this.addEventListener(name, (event) => this[`on${name}`]?.(event));
    }
    if (url.includes("/ws/orders/")) window.lines.push(this);
  }
  begin() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
  say(data) { this.dispatchEvent(new MessageEvent("message", { data })); }
  end(code) { this.readyState = 3; this.dispatchEvent(new CloseEvent("close", { code })); }
  close() { this.readyState = 2; }
  send() {}
};
"""


class Watched:
    """A transfer's page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @property
    def sockets(self) -> int:
        return int(self._page.evaluate("window.lines.length"))

    def last(self, what: str) -> None:
        """Have the newest socket do something."""
        self._page.evaluate(f"window.lines.at(-1).{what}")

    def wait(self, seconds: float) -> int:
        """Let time pass for the page; how often it asked meanwhile."""
        before = int(self._page.evaluate("window.asked"))
        self._page.clock.run_for(int(seconds * 1000))
        return int(self._page.evaluate("window.asked")) - before


def test_a_socket_that_is_dead_or_refused_is_noticed_and_made_anew(browser: Browser, stage: str) -> None:
    cookie = new_browser_cookie()
    path = SCENES["transfer-on-its-way"](browser_key({BROWSER_COOKIE: cookie}))
    context = browser.new_context(base_url=stage, bypass_csp=True)
    context.add_cookies([{"name": BROWSER_COOKIE, "value": cookie, "url": stage}])
    context.add_init_script(SOCKETS)
    page = context.new_page()
    watched = Watched(page)
    page.clock.install()
    page.goto(path)
    page.wait_for_function("window.lines.length === 1")

    watched.last("begin()")
    for _ in range(4):
        assert watched.wait(BEAT_SECONDS) == 0, "a page with a socket does not ask"
        watched.last(f"say('{BEAT}')")
    assert watched.sockets == 1, "what beats is alive"

    assert watched.wait(75) > 0, "the laptop slept: it asks at once"
    assert watched.sockets == 2, "and makes a new socket"
    watched.last("begin()")
    page.evaluate("window.lines[0].end(1005)")
    assert watched.wait(10) == 0, "the old one that closes late does not count"

    watched.last(f"end({TOO_MANY})")
    assert watched.wait(20) > 0, "without a place for its socket the page asks"
    assert watched.sockets == 2
    watched.wait(45)
    assert watched.sockets == 3, "and tries again later"
    watched.last("begin()")
    assert watched.wait(10) == 0
    context.close()
