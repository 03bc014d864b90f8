"""A chain joins a running system: one command, nothing restarted, and a person sees it and uses it at once."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from intents.devnet.bench.demo_process import DemoProcess

from .conftest import watched
from .person import approve, confirm, connect, fill, review, wait_shown
from .test_arrival import USDC, held
from .test_transfer import balance, manifest, signed_minimum

PATIENCE_SECONDS = 180


def run(demo: DemoProcess, *words: str) -> "subprocess.Popen[str]":
    """A command as its operator types it, beside the running system."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=demo.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def dogwood(demo: DemoProcess) -> Iterator[Path]:
    """Dogwood's node, with nothing of ours on it; the manifest with which it may join."""
    node = run(demo, "devnet", "start", "dogwood")
    assert node.stdout is not None
    try:
        for line in node.stdout:
            if line.startswith("join it: "):
                yield Path(line.rsplit(" ", 1)[1].strip())
                return
        pytest.fail("Dogwood's node did not start")
    finally:
        node.terminate()
        node.wait(30)


def add_to_wallet(page: Page, chain_id: int) -> str:
    """Offer the chain to the wallet, as the page does when it is asked to switch; what the wallet shows."""
    page.evaluate(
        """(id) => new Promise((done) => {
            const wanted = JSON.parse(document.getElementById("network").textContent)[id].wallet;
            window.addEventListener("eip6963:announceProvider", ({ detail }) => {
                const { provider } = detail;
                provider.request({ method: "wallet_addEthereumChain", params: [wanted] });
                done();
            }, { once: true });
            window.dispatchEvent(new Event("eip6963:requestProvider"));
        })""",
        str(chain_id),
    )
    prompt = page.locator("[data-demo-prompt]").last
    shown = prompt.inner_text()
    approve(page)
    return shown


def test_a_chain_joins_and_has_everything_at_once(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    with (
        DemoProcess(tmp_path_factory.mktemp("join-demo")) as demo,
        dogwood(demo) as asked,
        watched(browser, demo) as page,
    ):
        parts = demo.pids()
        page.goto("/network")
        expect(page.locator("#chain-dogwood")).to_have_count(0)
        began = time.monotonic()
        joining = run(demo, "chain", "join", str(asked))
        # The page that was open before the command shows it come in.
        expect(page.locator("[data-join=dogwood]")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
        said, _ = joining.communicate(timeout=PATIENCE_SECONDS)
        assert joining.returncode == 0, said
        assert "Dogwood is connected" in said
        expect(page.locator("[data-join=dogwood][data-state=done]")).to_be_visible()
        # So does what stands below, without anybody loading the page again.
        expect(page.locator("#chain-dogwood")).to_be_visible()
        expect(page.locator("#sums dd").nth(1)).to_have_text("5")
        page.locator("[data-join=dogwood] a").click()
        expect(page.locator("#to")).to_have_value("dogwood:USDC")

        connect(page)
        fill(page, origin="alder:USDC", destination="dogwood:USDC", amount="25")
        review(page)
        expect(page.locator("[data-added-note]")).to_contain_text("was added since this page was built")
        minimum, before = signed_minimum(page), balance(demo, "dogwood", "USDC")
        confirm(page)
        wait_shown(page, "delivered", seconds=PATIENCE_SECONDS)
        assert balance(demo, "dogwood", "USDC") >= before + minimum

        vault = manifest(demo, "birch").app("vault").target
        deposited = held(demo, vault)
        page.goto("/pay?to=birch:vault&amount=10&from=dogwood:USDC")
        shown = add_to_wallet(page, 904)
        assert "Dogwood" in shown
        assert manifest(demo, "dogwood").endpoints[0].url in shown
        review(page)
        assert "USDC on Dogwood leaves your wallet" in page.locator("[data-sentence]").inner_text()
        confirm(page)
        wait_shown(page, "delivered", seconds=PATIENCE_SECONDS)
        expect(page.locator(".money")).to_contain_text("went into Demo vault of USDC")
        assert held(demo, vault) - deposited == 10 * USDC
        record_property("seconds_from_command_to_both_transfers", round(time.monotonic() - began, 1))
        assert json.loads((demo.run_dir / "processes.json").read_text("utf-8"))["follow"]["restarts"] == 0
        assert demo.pids() == parts, "nothing was restarted"
        page.goto("/network")
        expect(page.locator("#chain-dogwood")).to_be_visible()
