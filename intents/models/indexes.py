"""Indexes that Django has no name for."""

from typing import Any

from django.db import models
from django.db.backends.ddl_references import Columns, Statement, Table


class CaselessIndex(models.Index):
    """Finds texts by their beginnings whatever their case: lower(first field), then the other fields.

    PostgreSQL compares beginnings by an index only where it orders by bytes; SQLite always does.
    """

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Statement:
        """CREATE INDEX for the database at hand."""
        table = model._meta.db_table
        first, *others = [
            Columns(table, [model._meta.get_field(name).column], schema_editor.quote_name, (order,))
            for name, order in self.fields_orders
        ]
        pattern = " text_pattern_ops" if schema_editor.connection.vendor == "postgresql" else ""
        more = "".join(f", %(field_{number})s" for number in range(len(others)))
        return Statement(
            f"CREATE INDEX %(name)s ON %(table)s (lower(%(first)s){pattern}{more})",
            name=schema_editor.quote_name(self.name),
            table=Table(table, schema_editor.quote_name),
            first=first,
            **{f"field_{number}": column for number, column in enumerate(others)},
        )
