"""
Statements that are asked at every request: written once by the ORM, and prepared by the database.

Django writes the SQL of a query anew each time, and PostgreSQL plans it anew. For the few statements of the token
endpoints both cost more than all the rest. What such a statement says still comes from models and QuerySets, so that
a rule stands in one place.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    QuerySet,
    UUIDField,
)
from django.db.models.sql import UpdateQuery

Row = tuple[Any, ...]


class Parameter(Expression):
    """A place in a statement that is filled at each run, under its name; `field` says how the database takes it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Written(NamedTuple):
    """
    A statement for one kind of database: its text; for each parameter its name and what adapts its value, or "" and
    the value itself; what decodes which column of its rows; and whether it has rows.
    """

    sql: str
    parameters: Sequence[tuple[str, Any]]
    decoders: Sequence[tuple[int, Callable[[Any], Any]]]
    has_rows: bool


class Statement:
    """
    One statement; `write` is called at its first run, when the database is known.

    `repeatable` is for what may be done twice: when the connection turns out to be gone, it is made anew and asked
    once more. Django asks every connection whether it is there, by a statement of its own.
    """

    def __init__(self, write: Callable[[], Written], *, repeatable: bool) -> None:
        self._write, self._repeatable = write, repeatable
        self._written: Written | None = None

    def rows(self, **values: Any) -> list[Row]:
        """Run it and return its rows. Raises django.db's errors, as a query does."""
        return self._run(values)[0]

    def count(self, **values: Any) -> int:
        """Run it and return how many rows it has changed."""
        return self._run(values)[1]

    def _run(self, values: Mapping[str, Any]) -> tuple[list[Row], int]:
        written = self._written = self._written or self._write()
        parameters = [
            (values[name] if adapt is None or values[name] is None else adapt(values[name]))
            if name
            else adapt
            for name, adapt in written.parameters
        ]
        database = connections[DEFAULT_DB_ALIAS]
        try:
            rows, count = _execute(database, written, parameters)
        except (OperationalError, InterfaceError):
            if not self._repeatable or database.in_atomic_block:
                raise
            database.close()
            rows, count = _execute(database, written, parameters)
        if not written.decoders:
            return rows, count
        decoded = [list(row) for row in rows]
        for row in decoded:
            for place, decode in written.decoders:
                row[place] = decode(row[place])
        return [tuple(row) for row in decoded], count


def select(rows: "Callable[[], QuerySet[Any, Any]]") -> Statement:
    """Return the statement of a QuerySet, whose parameters are `Parameter`s; it gives what `values_list` names."""

    def write() -> Written:
        compiler = rows().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters(column[0] for column in compiler.select)
        decoders = [
            (place, partial(convert, expression=expression, connection=connection))
            for place, (found, expression) in converters.items()
            for convert in found
        ]
        return Written(sql, _adapted(parameters), decoders, has_rows=True)

    return Statement(write, repeatable=True)


def update(rows: "Callable[[], QuerySet[Any, Any]]", *names: str) -> Statement:
    """Return the statement that gives these fields of a QuerySet's rows new values, parameters of the same names."""

    def write() -> Written:
        found = rows()
        query: Any = found.query.chain(UpdateQuery)
        query.add_update_values({name: Parameter(name, found.model._meta.get_field(name)) for name in names})
        sql, parameters = query.get_compiler(connection=connection).as_sql()
        return Written(sql, _adapted(parameters), [], has_rows=False)

    return Statement(write, repeatable=True)


def insert(model: type[Model]) -> Statement:
    """Return the statement that inserts a row; its parameters are the columns, and it gives the primary key."""

    def write() -> Written:
        quote, meta = connection.ops.quote_name, model._meta
        fields = [field for field in meta.concrete_fields if field is not meta.auto_field]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        places = ", ".join("%s" for _ in fields)
        table, key = quote(meta.db_table), quote(str(meta.pk.column))
        # Names of tables and columns, which are the models' own.
        sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}"  # noqa: S608
        parameters = _adapted([Parameter(field.attname, field) for field in fields])
        return Written(sql, parameters, [], has_rows=True)

    return Statement(write, repeatable=False)


def _adapted(parameters: Sequence[Any]) -> list[tuple[str, Any]]:
    return [
        (given.name, _adapter(given.output_field)) if isinstance(given, Parameter) else ("", given)
        for given in parameters
    ]


def _adapter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """What makes of a value of a field one that the driver takes; None where it takes it as it is."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    if isinstance(field, JSONField):
        return json.dumps
    taken: tuple[type[Any], ...] = (BooleanField, CharField, IntegerField)
    if connection.vendor == "postgresql":
        taken += (DateTimeField, UUIDField)
    return None if isinstance(field, taken) else partial(field.get_db_prep_save, connection=connection)


def _execute(
    database: BaseDatabaseWrapper, written: Written, parameters: Sequence[Any]
) -> tuple[list[Row], int]:
    database.ensure_connection()
    # Where somebody listens, as traces and the tests that count statements do, Django's own cursor tells him.
    if database.queries_logged or database.execute_wrappers:
        with database.cursor() as told:
            told.execute(written.sql, parameters)
            return told.fetchall() if written.has_rows else [], told.rowcount
    with database.wrap_database_errors:
        if database.vendor == "sqlite":
            # Its sign for a parameter is another. No text holds a %s that is none: values never stand in it.
            cursor = database.connection.execute(written.sql.replace("%s", "?"), parameters)
        else:
            cursor = psycopg.Cursor(database.connection)
            # Not behind a pooler that hands the server out by transaction, where `prepare_threshold` is None.
            cursor.execute(written.sql, parameters, prepare=True)
        return cursor.fetchall() if written.has_rows else [], cursor.rowcount
