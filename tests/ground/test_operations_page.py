"""The operations page names commands, settings and contract functions that exist."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.core.management import CommandError, get_commands, load_command_class

from intents.contracts.loader import load
from intents.devnet.accounts import address
from intents.devnet.demo import parts
from intents.joining.network import read_network
from tests.known.manifests import write_manifest

ROOT: Final = Path(settings.BASE_DIR)
PAGE: Final = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_every_command_about_chains_is_there() -> None:
    chains = (ROOT / "intents/management/commands/chains.py").read_text("utf-8")
    assert all(f'"{word}"' in chains for word in re.findall(r"manage\.py chains ([a-z-]+)", PAGE))


def test_every_command_takes_what_it_is_given() -> None:
    written = re.findall(r"`(manage\.py [^`\n]+)`", PAGE) + re.findall(
        r"^ *(manage\.py .+)$", PAGE, re.MULTILINE
    )
    assert len(written) > 20
    for line in written:
        _, command, *words = shlex.split(re.split(r" +[>#] ", line)[0].replace("$(date +%F-%H)", ""))
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        try:
            parser.parse_args(words)
        except CommandError as error:
            pytest.fail(f"{line}: {error}")


def test_every_process_of_the_system_is_run() -> None:
    told = PAGE.partition("## From zero")[0]
    for part in parts(port=1, environment={}):
        words = [word for word in part.command if word in ("uvicorn", "follow", "worker", "beat", "validate")]
        assert all(word in told for word in words), part.name
    queues = {
        part.command[part.command.index("--queues") + 1]
        for part in parts(port=1, environment={})
        if "--queues" in part.command
    }
    assert all(f"--queues {queue}`" in told for queue in queues)


def test_every_setting_is_described_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in set(
        re.findall(r"`(WAYMEET_[A-Z_]+|SECRET_KEY|DATABASE_URL|FORWARDED_ALLOW_IPS|DEBUG)", PAGE)
    ):
        assert f"`{name}`" in readme, name


def test_the_owners_calls_exist() -> None:
    account = {entry["name"] for entry in load("solver_account").abi if entry["type"] == "function"}
    assert set(re.findall(r"`((?:set|propose|accept)\w+)\(", PAGE)) <= account


def test_its_network_file_is_one(tmp_path: Path) -> None:
    text = PAGE.partition("```toml\n")[2].partition("```")[0]
    values = tomllib.loads("\n".join(line.strip() for line in text.splitlines()))
    whole = "\n".join(line.strip() for line in text.splitlines()).replace("0x…", address(0))
    signers = "".join(
        f'\n[[validators]]\naddress = "{address(place)}"\nurl = "https://v{place}.example"\n'
        for place in (1, 2)
    )
    (tmp_path / "network.toml").write_text(whole + signers, "utf-8")
    for number, file in enumerate(values["chains"]):
        write_manifest(tmp_path / file, chain_id=7000 + number)
    found = read_network(tmp_path / "network.toml")
    assert [len(manifest.validators) for manifest in found.manifests] == [3, 3]
    assert found.manifests[0].validator_threshold == 2
