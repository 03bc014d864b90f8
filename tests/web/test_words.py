"""Every word is said in both languages: complete, natural enough to have no leftovers, and up to date."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

import intents.api.errors
import intents.services.errors  # noqa: F401  registers its classes as subclasses of WaymeetError
from intents.errors import WaymeetError
from intents.selectors.sentences import EVENTS, MONEY, SHOWN, STEP_STATES, STEPS, Sentence
from intents.services.words import WORDS, text

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "intents" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
# Never reach a person's page: programming and operating errors.
INTERNAL = {"error", "illegal_transition", "manifest_invalid", "unsafe_start"}


def entries() -> dict[str, list[str]]:
    """Translations by msgid, as written in the catalogue."""
    found: dict[str, list[str]] = {}
    for block in CATALOGUE.read_text("utf-8").split("\n\n")[1:]:
        assert "#, fuzzy" not in block and "#~" not in block, block
        parts = re.findall(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:".*"\n?)+)', block, re.M)
        texts = [
            (name, "".join(ast.literal_eval(line) for line in body.split("\n") if line))
            for name, body in parts
        ]
        found[dict(texts)["msgid"]] = [value for name, value in texts if name.startswith("msgstr")]
    return found


def calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        first = node.args[0]
        if name in SINGULAR | PLURAL and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def said_in(file: Path) -> set[str]:
    """Every text that one source file asks to be translated."""
    return set(calls(file.read_text("utf-8")))


def said_in_template(file: Path) -> set[str]:
    """Every text that one template asks to be translated."""
    pattern = r"\b(?:gettext|ngettext|_)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
    found = re.findall(pattern, templatize(file.read_text("utf-8")))
    return {text for call in found for text in calls(call)}


def used() -> set[str]:
    """Every text that templates and code ask to be translated."""
    found: set[str] = set()
    for file in (ROOT / "templates").rglob("*.html"):
        found |= said_in_template(file)
    for package in ("intents", "webapp"):
        for file in (ROOT / package).rglob("*.py"):
            found |= set(calls(file.read_text("utf-8")))
    return found


def test_the_catalogue_has_every_text_and_no_other() -> None:
    written = set(entries())
    missing, leftover = used() - written, written - used()
    assert not missing, f"run makemessages and translate: {sorted(missing)[:5]}"
    assert not leftover, f"no longer said anywhere: {sorted(leftover)[:5]}"


def faults_of(source: str, one: str) -> Iterator[str]:
    """What is wrong with one translation of a text."""
    if not one.strip():
        yield f"not translated: {source}"
    if not set(PLACE.findall(one)) <= set(PLACE.findall(source)):
        yield f"names what the text does not: {source}"
    if re.search(r"[\u4e00-\u9fff][,;?]|[,;][\u4e00-\u9fff]", one):
        yield f"half-width punctuation: {one}"
    if not PLACE.search(source) and one.endswith("。") != source.endswith("."):
        yield f"only one of the two is a sentence: {source}"


def test_every_text_is_translated() -> None:
    faults = [fault for source, said in entries().items() for one in said for fault in faults_of(source, one)]
    assert not faults


@pytest.mark.parametrize(
    ("source", "one"),
    [("Confirm", " "), ("Confirm", "{n} 确认"), ("Yes, confirm", "是,确认"), ("Done.", "完成")],
)
def test_a_bad_translation_is_found(source: str, one: str) -> None:
    assert list(faults_of(source, one))


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for source, said in entries().items():
        answer = (
            compiled.ngettext(source, source, 5) if "%(" in source or len(said) else compiled.gettext(source)
        )
        assert said[0] in (answer, compiled.gettext(source)), source


def subclasses(root: type[WaymeetError]) -> Iterator[type[WaymeetError]]:
    for child in root.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_error_that_reaches_people_has_words() -> None:
    own = {error.code for error in subclasses(WaymeetError) if error.__module__.startswith("intents.")}
    shown = {
        error.code
        for error in subclasses(WaymeetError)
        if error.__module__.startswith(("intents.services", "intents.api"))
    }
    assert own, "the classes are loaded"
    assert not shown - set(WORDS) - INTERNAL


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_words_bear_missing_and_hostile_params(language: str) -> None:
    hostile = (
        {},
        {"field": "%s %(x)s {0}", "chain": "9999999", "token": "<b>"},
        {"decimals": 6, "need": "1"},
    )
    with translation.override(language):
        for code in WORDS:
            for params in hostile:
                assert len(text(code, params)) > 4, code


def test_an_unknown_code_is_calm() -> None:
    assert text("something_new") == "This cannot be done right now. Please try again."


@pytest.mark.parametrize(
    "table", [SHOWN, STEPS, STEP_STATES, EVENTS], ids=["shown", "steps", "states", "events"]
)
def test_the_designs_words(table: dict[str, object]) -> None:
    with translation.override("zh-hans"):
        assert all(re.search(r"[\u4e00-\u9fff]", str(words)) for words in table.values())


def test_the_words_for_each_state() -> None:
    with translation.override("zh-hans"):
        assert {code: str(words) for code, words in SHOWN.items()} == {
            "awaiting": "正在等待您的付款",
            "checking": "正在核实付款",
            "on_its_way": "转账中",
            "slower": "比预计慢",
            "delivered": "已到账",
            "returning": "退款中",
            "returned": "已退款",
            "waiting_for_you": "待领取",
            "not_started": "未开始，未扣款",
            "staff_checking": "人工核查中",
        }


@pytest.mark.parametrize("code", sorted(MONEY))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_sentences_escape_their_params(code: str, language: str) -> None:
    names = (
        "input",
        "minimum",
        "output",
        "origin",
        "destination",
        "contract",
        "account",
        "app",
        "arrived",
        "missing",
        "returned",
        "have",
        "need",
    )
    params = {**dict.fromkeys(names, "<b>{0}%s"), "by": 1_800_000_000, "after": 1_800_000_060}
    with translation.override(language):
        sentence = Sentence(code, params)
        assert "<b>" not in sentence.html
        assert "&lt;b&gt;" in sentence.html
        assert "…" not in sentence.text, "every place is filled"
