"""Staff pages speak both languages: every model and field has a name in each, and so has what the pages add."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.utils import translation

from intents.lifecycle import OrderState
from intents.models import LedgerEntry, Order

from . import rows

HAN = re.compile(r"[\u4e00-\u9fff]")
# Written alike in both languages.
ALIKE = {"nonce"}
MODELS = list(apps.get_app_config("intents").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_and_field_has_a_name_in_both_languages(model: Any) -> None:
    """A new one gets its name in intents/models/labels.py."""
    names = {"": model._meta.verbose_name, "s": model._meta.verbose_name_plural}
    names |= {field.name: field.verbose_name for field in model._meta.fields}
    for name, label in names.items():
        with translation.override("en"):
            english = str(label)
            assert not HAN.search(english), name
        with translation.override("zh-hans"):
            assert HAN.search(str(label)) or english in ALIKE, f"{model.__name__}.{name}: {label}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_a_field_holds_is_said_in_both_languages(model: Any) -> None:
    for field in model._meta.fields:
        with translation.override("zh-hans"):
            said = str(field.help_text)
        assert not said or HAN.search(said) or "|" in said, f"{model.__name__}.{field.name}: {said}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_states_and_kinds_have_names_and_keep_their_values(model: Any) -> None:
    for field in model._meta.fields:
        for value, name in field.choices or ():
            with translation.override("zh-hans"):
                assert HAN.search(str(name)), f"{model.__name__}.{field.name}: {value}"
            with translation.override("en"):
                assert str(name).lower().replace(" ", "_") == value


def test_names_are_no_schema() -> None:
    """A name changed in the table of labels needs no migration: what migrations see has none of it."""
    field = Order._meta.get_field("fill_deadline")
    assert "verbose_name" not in field.deconstruct()[3]
    assert "verbose_name" not in Order._meta.original_attrs


def test_the_plural_is_english() -> None:
    with translation.override("en"):
        assert str(LedgerEntry._meta.verbose_name_plural) == "ledger entries"


@pytest.fixture
def staff(admin_client: Client, chains: None) -> Client:
    return admin_client


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Transfers and chains", "Ledger entries", "Transactions"]),
        ("zh-hans", ["转账与链", "账目", "订单", "交易", "库存"]),
    ],
)
def test_the_index(staff: Client, language: str, words: list[str]) -> None:
    page = staff.get("/staff/", headers={"Accept-Language": language}).content.decode()
    assert [word for word in words if word not in page] == []
    assert "Ledger entrys" not in page


def test_every_list_and_a_transfer_in_chinese(staff: Client) -> None:
    made = rows.order(state=OrderState.OPENED)
    rows.event(made, "accepted")
    headers = {"Accept-Language": "zh-hans"}
    for model in admin.site._registry:
        if model._meta.app_label == "intents":
            assert staff.get(f"/staff/intents/{model._meta.model_name}/", headers=headers).status_code == 200
    page = staff.get(f"/staff/intents/order/{made.order_id}/change/", headers=headers).content.decode()
    for word in ("付款期限", "等待前置", "收款地址", "需等待的区块数", "链上时间，秒"):
        assert word in page
    for word in ("Fill deadline", "Required depth", "chain time"):
        assert word not in page
