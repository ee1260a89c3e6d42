"""Column types: the few that rows use, what they are called, and what two of them have in common."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import pyarrow as pa

from results_store.errors import RecordError

__all__ = ["ColumnType", "common_type", "type_of_field", "type_of_value"]

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


class ColumnType(Enum):
    """A type of column; the value is its name in SQL. Times are UTC without a zone.

    A zone in the file would make DuckDB's Python client ask for pytz, and every reader show another
    local time.
    """

    BOOLEAN = "BOOLEAN"
    BIGINT = "BIGINT"
    DOUBLE = "DOUBLE"
    VARCHAR = "VARCHAR"
    TIMESTAMP = "TIMESTAMP"
    BOOLEANS = "BOOLEAN[]"
    BIGINTS = "BIGINT[]"
    DOUBLES = "DOUBLE[]"
    VARCHARS = "VARCHAR[]"

    @property
    def is_list(self) -> bool:
        """Whether the column holds lists."""
        return self.value.endswith("[]")

    @property
    def element(self) -> ColumnType:
        """Type of the elements of a list; the type itself otherwise."""
        return ColumnType(self.value.removesuffix("[]"))

    @property
    def list(self) -> ColumnType:
        """Type of lists of this type."""
        return self if self.is_list else ColumnType(self.value + "[]")

    @property
    def arrow(self) -> pa.DataType:
        """The type in Arrow."""
        if self.is_list:
            return pa.list_(self.element.arrow)
        return {
            ColumnType.BOOLEAN: pa.bool_(),
            ColumnType.BIGINT: pa.int64(),
            ColumnType.DOUBLE: pa.float64(),
            ColumnType.VARCHAR: pa.string(),
            ColumnType.TIMESTAMP: pa.timestamp("us"),
        }[self]


def common_type(first: ColumnType | None, second: ColumnType | None) -> ColumnType | None:
    """The narrowest type that holds the values of both; text where nothing else does."""
    if first is None or second is None or first == second:
        return first or second
    if first.is_list and second.is_list:
        element = common_type(first.element, second.element)
        return None if element is None else element.list
    if {first, second} == {ColumnType.BIGINT, ColumnType.DOUBLE}:
        return ColumnType.DOUBLE
    return ColumnType.VARCHAR


def type_of_value(value: Any) -> ColumnType | None:
    """The type that holds a value, or None for None and for an empty list.

    Raises:
        RecordError: The value is no scalar and no list of scalars.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, int):
        return ColumnType.BIGINT if _INT64_MIN <= value <= _INT64_MAX else ColumnType.VARCHAR
    if isinstance(value, float):
        return ColumnType.DOUBLE
    if isinstance(value, str):
        return ColumnType.VARCHAR
    if isinstance(value, datetime):
        return ColumnType.TIMESTAMP
    if isinstance(value, list | tuple):
        element: ColumnType | None = None
        for item in value:
            # A list of lists has no column type of its own: its items are kept as text.
            is_nested = isinstance(item, list | tuple | dict)
            element = common_type(element, ColumnType.VARCHAR if is_nested else type_of_value(item))
        return None if element is None else element.list
    raise RecordError(f"a value of type {type(value).__name__} cannot be stored in a column: {value!r:.100}")


def type_of_field(data_type: pa.DataType) -> ColumnType | None:
    """The column type of an Arrow type as read from a file, or None if rows never use it."""
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        element = type_of_field(data_type.value_type)
        return None if element is None or element.is_list else element.list
    if pa.types.is_boolean(data_type):
        return ColumnType.BOOLEAN
    if pa.types.is_integer(data_type):
        return ColumnType.BIGINT
    if pa.types.is_floating(data_type):
        return ColumnType.DOUBLE
    if pa.types.is_string(data_type) or pa.types.is_large_string(data_type):
        return ColumnType.VARCHAR
    if pa.types.is_timestamp(data_type):
        return ColumnType.TIMESTAMP
    return None
