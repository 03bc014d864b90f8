"""Two connected chains, in a database that other threads see."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from intents.chains import registry
from tests.web import rows


@pytest.fixture
def chains(transactional_db: None) -> Iterator[None]:
    """Alder and Birch are connected."""
    registry.forget()
    rows.connect(rows.manifest(901, "alder"), rows.manifest(902, "birch"))
    with translation.override("en"):
        yield
    registry.forget()
