"""Where a moment stands among rows whose keys grow with time, found by their keys alone."""

from datetime import datetime

from django.db import connection, models


def first_key_since(model: type[models.Model], *, time_field: str, at: datetime) -> int | None:
    """
    Return the whole-number key of the first row with a time of `at` or later; None where every row is older.

    Some twenty steps of one statement, each along the primary key: the time needs no index of its own. The times must
    grow with the keys; where they do not quite, so the answer is not quite the first.
    """
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(model._meta.pk.attname)
    time = quote(model._meta.get_field(time_field).attname)  # type: ignore[union-attr]  # a column, no relation
    # Where rows are gone, the one before the middle tells which half the key is in.
    middle = "(low + high) / 2"
    older = f"(SELECT {time} FROM {table} WHERE {key} <= {middle} ORDER BY {key} DESC LIMIT 1) < %s"  # noqa: S608
    # The names are the model's own; `at` is a parameter.
    query = f"""
        WITH RECURSIVE span(low, high) AS (
            SELECT (SELECT MIN({key}) FROM {table}), (SELECT MAX({key}) + 1 FROM {table})
            UNION ALL
            SELECT CASE WHEN {older} THEN {middle} + 1 ELSE low END, CASE WHEN {older} THEN high ELSE {middle} END
            FROM span WHERE low < high
        )
        SELECT MIN(high) FROM span WHERE low = high AND high <= (SELECT MAX({key}) FROM {table})
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [connection.ops.adapt_datetimefield_value(at)] * 2)
        found: int | None = cursor.fetchone()[0]
    return found
