"""Schemas: which columns each kind of row has, and how records become rows."""

from results_store.schemas.columns import ColumnType, common_type, type_of_field, type_of_value
from results_store.schemas.encoding import check_submission, config_columns, kind_of, to_table
from results_store.schemas.kinds import Kind

__all__ = [
    "ColumnType",
    "Kind",
    "check_submission",
    "common_type",
    "config_columns",
    "kind_of",
    "to_table",
    "type_of_field",
    "type_of_value",
]
