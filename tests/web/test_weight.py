"""What a page weighs on the wire: a phone on a bad connection loads it too."""

import gzip
import re

import pytest
from django.conf import settings
from django.test import Client

MOST_BYTES = 150_000


def weight(client: Client, path: str) -> int:
    """Compressed bytes of the page and of all that it names."""
    text = client.get(path).content
    found = {name.decode() for name in re.findall(rb'(?:href|src)="/static/([^"#]+)', text)}
    assert "dist/app.js" in found
    files = [(settings.BASE_DIR / "static" / name).read_bytes() for name in found]
    return sum(len(gzip.compress(content)) for content in [text, *files])


@pytest.mark.parametrize("path", ["/", "/history", "/network"])
def test_no_page_is_heavier_than_promised(chains: None, client: Client, path: str) -> None:
    assert weight(client, path) < MOST_BYTES


def test_what_the_server_sends_is_made_compressed_with_the_build() -> None:
    built = settings.BASE_DIR / "static" / "dist"
    for name in ("app.js", "network.js", "network.css"):
        packed = (built / f"{name}.gz").read_bytes()
        assert gzip.decompress(packed) == (built / name).read_bytes(), name
        assert len(packed) < MOST_BYTES // 2
    for path in (built.parent / "css").glob("*.css"):
        packed = path.with_name(f"{path.name}.gz").read_bytes()
        assert gzip.decompress(packed) == path.read_bytes(), f"{path.name}: run `make setup` after a change"
