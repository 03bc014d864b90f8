"""Two connected chains in the database, and browsers."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from intents.chains import registry
from intents.devnet.network import Network
from intents.engine import world
from intents.selectors.overview import kept
from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie
from tests.services.heads import write_heads

from . import rows


@pytest.fixture
def chains(db: None) -> Iterator[None]:
    """Alder and Birch are connected."""
    rows.connect(rows.manifest(901, "alder"), rows.manifest(902, "birch"))
    yield
    registry.forget()


@pytest.fixture(autouse=True)
def nothing_from_before() -> Iterator[None]:
    """No chains in the cache, no answers that are kept for all, and not the language of the last request."""
    registry.forget()
    kept.forget()
    with translation.override("en"):
        yield
    registry.forget()
    kept.forget()


class Browser(Client):
    """A browser that was here before; `key` is what its cookie is stored as."""

    def __init__(self, **settings: object) -> None:
        super().__init__(raise_request_exception=False, **settings)  # type: ignore[arg-type]
        cookie = new_browser_cookie()
        self.cookies[BROWSER_COOKIE] = cookie
        self.key = browser_key({BROWSER_COOKIE: cookie})


@pytest.fixture
def alice_browser() -> Browser:
    return Browser()


@pytest.fixture
def mallory_browser() -> Browser:
    return Browser()


@pytest.fixture
def stranger() -> Client:
    """Never here before."""
    return Client(raise_request_exception=False)


@pytest.fixture
def seen(registered: Network) -> Iterator[Network]:
    """The real network with its heads and worlds in the database."""
    world.forget()
    write_heads(registered)
    yield registered
    world.forget()
