"""Beginnings of texts by an index, on both databases."""

from typing import Any

from django.db.models import CharField, F, Lookup, Q
from django.db.models.functions import Lower


class Begins(Lookup):  # type: ignore[type-arg]
    """`lhs` begins with a text: LIKE on PostgreSQL (pattern indexes), a range on SQLite (ordered by bytes)."""

    lookup_name = "begins"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        end = text[:-1] + chr(ord(text[-1]) + 1)
        return f"({lhs} >= %s AND {lhs} < %s)", (*params, text, *params, end)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        for special in ("\\", "%", "_"):
            text = text.replace(special, "\\" + special)
        return f"{lhs} LIKE %s", (*params, f"{text}%")


def begins(field: str, text: str) -> Q:
    """The field, kept in lower case or told apart by case, begins with a text that is not empty."""
    return Q(Begins(F(field), text))


def lowered(field: str, text: str) -> Q:
    """The field in lower case is `text`, itself in lower case."""
    return Q(_Equals(Lower(field, output_field=CharField()), text))


def lowered_begins(field: str, text: str) -> Q:
    """The field in lower case begins with `text`, itself in lower case."""
    return Q(Begins(Lower(field, output_field=CharField()), text))


class _Equals(Lookup):  # type: ignore[type-arg]
    lookup_name = "equals"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = %s", (*params, str(self.rhs))
