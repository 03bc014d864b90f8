"""The site over rows alone, and a real Chromium."""

import os
from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer

from intents.chains import registry
from intents.selectors.overview.kept import forget
from tests.browser.conftest import browser, chromium, pytest_collection_modifyitems
from tests.web import rows

__all__ = ["browser", "chromium", "pytest_collection_modifyitems"]


@pytest.fixture(scope="package", autouse=True)
def rows_beside_the_driver() -> Iterator[None]:
    """The browser's driver has an event loop in this thread; rows are made between its calls."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def stage(django_db_setup: None, live_server: LiveServer) -> Iterator[str]:
    """The site's address, with two connected chains that nobody runs."""
    forget()
    rows.connect(rows.manifest(901, "alder"), rows.manifest(902, "birch"))
    yield live_server.url
    registry.forget()
    forget()
