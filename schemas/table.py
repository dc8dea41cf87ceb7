"""What every hand-over table has in common."""

from functools import cache
from typing import Any, Self, cast

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import DataFrame

# Pandera calls these types by other names and accepts look-alikes for them.
_EXACT_NAME = {"string[python]": "str", "datetime64[ns]": "datetime64[us]"}


class _Everywhere:
    is_on = False


_everywhere = _Everywhere()


def validate_everywhere(is_on: bool = True) -> None:
    """Have every table validated in full, also between the hand-overs; it costs time."""
    _everywhere.is_on = is_on


class Table(pa.DataFrameModel):
    """A table with exactly the declared columns, in exactly the declared types.

    Pandera by itself takes `float64` for `Float64` and `object` for `str`; a missing number
    in the wrong type compares as False, which here would read as "not low".
    """

    class Config:
        """No column more, none less; nothing is converted on the way."""

        strict = True
        coerce = False

    @pa.dataframe_check(error="column types are not exactly the declared ones")
    def has_exact_types(cls, frame: pd.DataFrame) -> bool:
        """Compare every column type by name."""
        return cls.column_types() == {str(name): str(frame[name].dtype) for name in frame.columns}

    @classmethod
    def validate(cls, check_obj: pd.DataFrame, *args: Any, **options: Any) -> DataFrame[Self]:
        """Check a table and give it back; nothing is converted, so none is copied for it."""
        return super().validate(check_obj, *args, **{"inplace": True, **options})

    @classmethod
    def require_columns(cls, frame: pd.DataFrame) -> DataFrame[Self]:
        """Check columns and their exact types alone, and give the table back.

        For tables between the hand-overs, whose values come from a table that was validated.
        `validate_everywhere` has them validated in full, as tests do.

        Raises:
            SchemaError, SchemaErrors: A column lacks, is too many or of another type.
        """
        found = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
        if _everywhere.is_on or found != cls.column_types():
            return cls.validate(frame)
        return cast("DataFrame[Self]", frame)

    @classmethod
    def column_types(cls) -> dict[str, str]:
        """Column name → exact pandas type name, in declared order."""
        return dict(_types_of(cls))

    @classmethod
    def no_rows(cls) -> pd.DataFrame:
        """The table with its columns and types and nothing in it."""
        # A copy that shares its data, of which there is none: whoever changes it, changes his own.
        return _empty(cls).copy(deep=False)


@cache
def _types_of(table: type[Table]) -> dict[str, str]:
    return {
        name: _EXACT_NAME.get(str(column.dtype), str(column.dtype))
        for name, column in table.to_schema().columns.items()
    }


@cache
def _empty(table: type[Table]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series([], dtype=kind) for name, kind in _types_of(table).items()}
    )
