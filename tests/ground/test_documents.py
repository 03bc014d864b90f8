"""What is written for strangers: commands exist, links lead somewhere, and every setting of the code is told."""

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.utils import translation

from intents.devnet.demo import parts
from intents.management.commands.chain import subcommands
from intents.selectors.explain_words import event_words, way_words
from intents.selectors.sentences import EVENTS
from intents.services.ways import WAYS

ROOT: Final = Path(settings.BASE_DIR)
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MAKEFILE: Final = (ROOT / "Makefile").read_text("utf-8")
TARGETS: Final = set(MAKEFILE.partition(".PHONY:")[2].partition("\n")[0].split())
# What `make help` leaves to those who read the Makefile: parts of other targets, and the way back.
UNLISTED: Final = {"help", "lint", "types", "style", "rules", "fast", "setup-dev", "clean"}
# Set by one of our own processes for another, or not ours at all.
INTERNAL: Final = {
    "DJANGO_SETTINGS_MODULE",
    "HOME",
    "PATH",
    "WAYMEET_FAULTS_TOKEN",
    "WAYMEET_TRUST",
}
# Read by make, by uvicorn, or by the tests.
ELSEWHERE: Final = {"BROWSER_TESTS", "FORWARDED_ALLOW_IPS"}


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def sources() -> str:
    """All Python of the product and its set-up, and the front end's build."""
    files = [path for folder in ("intents", "webapp", "scripts") for path in (ROOT / folder).rglob("*.py")]
    return "\n".join(text_of(path) for path in [*files, *ROOT.glob("scripts/*.mjs")])


def told_settings() -> set[str]:
    """The names in the first column of the README's table of settings."""
    table = text_of(ROOT / "README.md").partition("## Configuration")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}


def test_every_setting_that_is_read_is_told_and_no_other() -> None:
    code = sources()
    read = set(re.findall(r"\bWAYMEET_[A-Z0-9_]*[A-Z0-9]\b", code))
    read |= set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z_]+)["']""", code))
    read |= set(re.findall(r"""\benv\.\w+\(\s*["']([A-Z_]+)["']""", code))
    read |= {"PORT", "DEVNET_PORT"} & set(re.findall(r"""["']([A-Z_]+)["']""", code))
    workers = (part.name for part in parts(port=1, environment={}) if part.name.startswith("worker-"))
    read |= {f"WAYMEET_{name.removeprefix('worker-').upper()}_PROCESSES" for name in workers}
    assert read - INTERNAL == told_settings() - ELSEWHERE


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_and_targets_that_are_named_exist(page: Path) -> None:
    said = text_of(page)
    for command, rest in re.findall(r"manage\.py ([a-z][a-z_-]+)([^`|\n]*)", said):
        assert command in get_commands(), command
        assert set(re.findall(r"--[a-z][a-z-]+", rest)) <= options_of(command), (command, rest)
        if command == "chain" and (word := re.match(r" ([a-z]+)", rest)):
            assert word[1] in subcommands(), rest
    assert set(re.findall(r"`make ([a-z][a-z-]+)", said)) <= TARGETS
    assert set(re.findall(r"^make ([a-z][a-z-]+)", said, re.MULTILINE)) <= TARGETS


@cache
def options_of(command: str) -> frozenset[str]:
    """Every option of a command and of its subcommands."""
    loaded = load_command_class(get_commands()[command], command)
    return frozenset(_options(loaded.create_parser("manage.py", command)))


def _options(parser: ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action.choices, dict):
            for below in action.choices.values():
                yield from _options(below)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", text_of(page)):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_and_folders_of_the_source_that_are_named_are_there(page: Path) -> None:
    """By the end of their path, as people name them: `engine/lease.py`, `venues/`."""
    there = files()
    for name in re.findall(r"`([\w./-]+)`", text_of(page)):
        if name.endswith((".py", ".vy", ".js", ".mjs", ".html")):
            assert any(f"/{path}".endswith(f"/{name}") for path in there), name
        elif name.endswith("/") and name.startswith(("intents/", "tests/", "static/", "docs/", "scripts/")):
            assert any(path.startswith(name) for path in there), name


@cache
def files() -> frozenset[str]:
    """Paths of all sources, from the root of the project."""
    folders = ("intents", "tests", "static/src", "static/rescue", "scripts", "webapp", "templates", "docs")
    return frozenset(
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    headings = (line.lstrip("# ").lower() for line in text_of(page).splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


def test_make_help_lists_every_target() -> None:
    assert set(re.findall(r'@echo "make ([a-z-]+)', MAKEFILE)) == TARGETS - UNLISTED


def test_every_kind_of_event_is_told() -> None:
    page = text_of(ROOT / "docs" / "api.md")
    told = re.search(r"Kinds:\s`([a-z_,\s]+)`", page)
    assert told is not None
    assert set(re.split(r"[,\s]+", told[1])) == set(EVENTS)
    with translation.override("zh-hans"):
        assert [kind for kind in EVENTS if event_words(kind) == kind] == []
        assert [way for way in WAYS if way_words(way) == way] == []


MAPPED: Final = ("engine", "chains", "services", "selectors", "solver")


@pytest.mark.parametrize("package", MAPPED)
def test_the_map_of_a_large_package_names_only_what_is_there(package: str) -> None:
    folder = ROOT / "intents" / package
    told = re.findall(r"`(\w+)`", ast.get_docstring(ast.parse(text_of(folder / "__init__.py"))) or "")
    there = {path.stem for path in folder.iterdir() if not path.name.startswith("__")}
    assert told
    assert set(told) <= there
    assert len(told) == len(set(told)), "each at its one place"
