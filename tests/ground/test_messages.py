"""Every text that people see exists in 简体中文, and the compiled catalogue is the written one."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "intents" / "locale" / "zh_Hans" / "LC_MESSAGES"
FUNCTIONS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
CONTEXT_FUNCTIONS = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}


def test_every_text_is_translated() -> None:
    with (CATALOGUE / "django.mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    missing = sorted({message for message in messages() if not is_translated(known, message)})
    assert missing == []


def test_the_compiled_catalogue_holds_what_is_written() -> None:
    text = (CATALOGUE / "django.po").read_text("utf-8")
    assert "#, fuzzy" not in text
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = set(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    written = {
        unquoted(found) for found in re.findall(r'^msgid ((?:"(?:[^"\\]|\\.)*"\n?)+)', text, re.MULTILINE)
    }
    simple = {key for key in compiled if isinstance(key, str)}
    assert written - {""} <= {key.split("\x04")[-1] for key in simple} | plural_ids(compiled)


def is_translated(known: gettext.GNUTranslations, message: str) -> bool:
    catalogue = known._catalog  # type: ignore[attr-defined]
    return bool(catalogue.get(message)) or bool(catalogue.get((message, 0)))


def messages() -> Iterator[str]:
    """Texts marked for translation; those with a context carry it as gettext keeps it."""
    for path in sorted((ROOT / "intents").rglob("*.py")):
        yield from marked(path.read_text("utf-8"))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield from marked(calls_of(templatize(path.read_text("utf-8"), origin=str(path))))


def calls_of(templatized: str) -> str:
    """The gettext calls that Django writes in place of a template's tags, as Python."""
    pattern = (
        r"""(?:gettext|pgettext|ngettext|npgettext)\((?:u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|[^()])*\)"""
    )
    return "\n".join(re.sub(r"\s*\n\s*", " ", call) for call in re.findall(pattern, templatized))


def marked(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [item.value for item in node.args if isinstance(item, ast.Constant)]
        if name in FUNCTIONS and words and isinstance(words[0], str):
            yield words[0]
        elif name in CONTEXT_FUNCTIONS and len(words) > 1:
            yield f"{words[0]}\x04{words[1]}"


def unquoted(literals: str) -> str:
    return "".join(ast.literal_eval(line) for line in literals.splitlines() if line)


def plural_ids(compiled: set[object]) -> set[str]:
    return {key[0].split("\x04")[-1] for key in compiled if isinstance(key, tuple)}
