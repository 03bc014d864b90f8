"""Database fields for chain values."""

from typing import Any

from django.db import models

from intents.amounts import UINT256_MAX

DIGITS = 78


class Uint256Field(models.Field):  # type: ignore[type-arg]
    """An exact unsigned 256-bit integer.

    PostgreSQL keeps it as numeric(78); SQLite as zero-padded text, because its NUMERIC turns big
    values into floats. Both compare and sort as numbers.
    """

    description = "unsigned 256-bit integer"

    def db_type(self, connection: Any) -> str:
        return f"numeric({DIGITS}, 0)" if connection.vendor == "postgresql" else f"varchar({DIGITS})"

    def get_internal_type(self) -> str:
        return "Uint256Field"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        number = int(value)
        if not 0 <= number <= UINT256_MAX:
            raise ValueError(f"{self.name}: {number} is not an unsigned 256-bit integer")
        return number

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        number = self.get_prep_value(value)
        if number is None or connection.vendor == "postgresql":
            return number
        return str(number).rjust(DIGITS, "0")
