"""What all configuration classes have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen part of an experiment's configuration that refuses unknown keys and wrong types.

    Types are strict: the text "5" is no number, and true is no 1. Lists are accepted for tuples, because
    YAML and JSON have no tuples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
