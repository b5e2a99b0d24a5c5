"""
Statements that are asked at every request: written once by the ORM, and prepared by the database.

Django writes the SQL of a query anew each time, and PostgreSQL plans it anew. For the few statements of the token
endpoints both cost more than all the rest. What such a statement says still comes from models and QuerySets, so that
a rule stands in one place.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    ForeignKey,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)

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
            return _execute(database, written, parameters)
        except (OperationalError, InterfaceError):
            if not self._repeatable or database.in_atomic_block:
                raise
            database.close()
            return _execute(database, written, parameters)


class Pair:
    """
    A change and an INSERT that is to happen with it, or not at all where no row was changed.

    PostgreSQL takes both in one statement, which is its own transaction; others in a transaction.
    """

    def __init__(self, change: Statement, inserted: Statement) -> None:
        self._change, self._inserted = change, inserted
        self._both = Statement(self._write, repeatable=False)

    def rows(self, **values: Any) -> list[Row]:
        """Run both and return the rows of the INSERT, or none. Raises django.db's errors."""
        if connection.vendor == "postgresql":
            return self._both.rows(**values)
        with transaction.atomic():
            return self._inserted.rows(**values) if self._change.count(**values) else []

    def _write(self) -> Written:
        change, inserted = self._change._write(), self._inserted._write()
        head, returning, key = inserted.sql.rpartition(" RETURNING ")
        sql = f"WITH changed AS ({change.sql} RETURNING 1) {head} WHERE EXISTS (SELECT FROM changed){returning}{key}"
        return Written(sql, [*change.parameters, *inserted.parameters], inserted.decoders, has_rows=True)


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


def insert(
    model: type[Model],
    *,
    where: "Callable[[], QuerySet[Any, Any]] | None" = None,
    repeatable: bool = False,
) -> Statement:
    """
    Return the statement that inserts a row, if the QuerySet `where` has one; it gives the primary key.

    Its parameters are the columns, and those of `where`, which may be the same ones. It is `repeatable` where a row
    that is there already would be refused.
    """

    def write() -> Written:
        quote, meta = connection.ops.quote_name, model._meta
        fields = [field for field in meta.concrete_fields if field is not meta.auto_field]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        table, key = quote(meta.db_table), quote(str(meta.pk.column))
        parameters: list[Any] = [Parameter(field.attname, field) for field in fields]
        # Names of tables and columns, which are the models' own.
        sql = f"INSERT INTO {table} ({columns}) SELECT {_places(fields)}"
        if where is not None:
            condition, more = where().values("pk").query.get_compiler(connection=connection).as_sql()
            sql += f" WHERE EXISTS ({condition})"
            parameters += more
        return Written(f"{sql} RETURNING {key}", _adapted(parameters), [], has_rows=True)

    return Statement(write, repeatable=repeatable)


def insert_for(model: type[Model], rows: "Callable[[], QuerySet[Any]]", *copied: str) -> Statement:
    """
    Return the statement that inserts a row of `model`, whose key refers to a row of the QuerySet, for each of these.

    Not where there is one already. What is `copied` has the same name in both; parameters are the other columns, and
    those of the QuerySet.
    """

    def write() -> Written:
        quote, key = connection.ops.quote_name, model._meta.pk
        fields = [
            field for field in model._meta.concrete_fields if field is not key and field.attname not in copied
        ]
        columns = ", ".join(map(quote, (str(key.column), *copied, *(str(field.column) for field in fields))))
        found, more = rows().values("pk", *copied).query.get_compiler(connection=connection).as_sql()
        table = quote(model._meta.db_table)
        # Names of tables and columns, which are the models' own; without a WHERE SQLite takes ON for that of a join.
        sql = f"INSERT INTO {table} ({columns}) SELECT found.*, {_places(fields)}"
        sql += f" FROM ({found}) found WHERE true ON CONFLICT DO NOTHING"
        parameters = [*(Parameter(field.attname, field) for field in fields), *more]
        return Written(sql, _adapted(parameters), [], has_rows=False)

    return Statement(write, repeatable=False)


def _places(fields: "Iterable[Field[Any, Any]]") -> str:
    """A place for a value of each; PostgreSQL takes it in a SELECT for text where nobody says what it is."""
    if connection.vendor != "postgresql":
        return ", ".join("%s" for _ in fields)
    return ", ".join(f"%s::{field.db_type(connection)}" for field in fields)


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
        taken += (DateTimeField, GenericIPAddressField, UUIDField)
    return (
        None
        if isinstance(field, taken) or type(field) is TextField
        else partial(field.get_db_prep_save, connection=connection)
    )


def _execute(
    database: BaseDatabaseWrapper, written: Written, parameters: Sequence[Any]
) -> tuple[list[Row], int]:
    database.ensure_connection()
    # Where somebody listens, as traces and the tests that count statements do, Django's own cursor tells him.
    if database.queries_logged or database.execute_wrappers:
        with database.cursor() as told:
            told.execute(written.sql, parameters)
            rows = told.fetchall() if written.has_rows else []
            return _decoded(written, rows), told.rowcount
    with database.wrap_database_errors:
        if database.vendor == "sqlite":
            # Its sign for a parameter is another. No text holds a %s that is none: values never stand in it.
            cursor = database.connection.execute(written.sql.replace("%s", "?"), parameters)
        elif database.in_atomic_block or database.connection.prepare_threshold is None:
            # Within a transaction the driver has to know of each statement; and nothing can be prepared at a pooler
            # that hands the server out by transaction.
            cursor = psycopg.Cursor(database.connection)
            cursor.execute(written.sql, parameters, prepare=True)
        else:
            return _ask(database.connection, written, parameters)
        return _decoded(written, cursor.fetchall() if written.has_rows else []), cursor.rowcount


def _decoded(written: Written, rows: list[Row]) -> list[Row]:
    if not written.decoders:
        return rows
    decoded = [list(row) for row in rows]
    for row in decoded:
        for place, decode in written.decoders:
            row[place] = decode(row[place])
    return [tuple(row) for row in decoded]


# What follows asks PostgreSQL by libpq's own function for a prepared statement, which psycopg offers as it is
# (https://www.psycopg.org/psycopg3/docs/api/pq.html): its cursors cost several times what the question itself does.


class _Prepared:
    """
    A statement at one connection, planned anew after its 10th, 100th, 1,000th … time there.

    PostgreSQL keeps to a plan until the tables are analysed, and plans for empty tables at a guess: on a new database a
    token may be looked for among all of its bot's, as long as that many have been issued meanwhile.
    """

    def __init__(self, libpq: Any, sql: str, *, number: int) -> None:
        self._libpq, self._sql, self.name = libpq, _numbered(sql), b"console_%d" % number
        self._runs, self._good_for = 0, 10
        self.readers: list[Callable[[bytes], Any]] = []
        _check(libpq.prepare(self.name, self._sql), libpq)

    def run(self, parameters: Sequence[Any]) -> Any:
        if self._runs == self._good_for:
            before, self.name = self.name, self.name + b"_"
            _check(self._libpq.prepare(self.name, self._sql), self._libpq)
            _check(self._libpq.exec_(b"DEALLOCATE " + before), self._libpq)
            self._good_for *= 10
        self._runs += 1
        return _check(self._libpq.exec_prepared(self.name, parameters), self._libpq)


# Connection to the text of what is prepared there.
_prepared: "WeakKeyDictionary[psycopg.Connection[Any], dict[str, _Prepared]]" = WeakKeyDictionary()
_numbers = count()
_DONE = (psycopg.pq.ExecStatus.TUPLES_OK, psycopg.pq.ExecStatus.COMMAND_OK)
# Type of a column to what reads its text.
_decode_json = json.JSONDecoder().decode
_READERS: dict[int, Callable[[bytes], Any]] = {
    psycopg.adapters.types[name].oid: reader
    for names, reader in (
        (("bool",), b"t".__eq__),
        (("int2", "int4", "int8"), int),
        (("text", "varchar"), bytes.decode),
        (("json", "jsonb"), lambda text: _decode_json(text.decode())),
        (("timestamptz",), lambda text: datetime.fromisoformat(text.decode())),
        (("uuid",), lru_cache(maxsize=256)(lambda text: UUID(text.decode()))),
    )
    for name in names
}


def _ask(
    connected: "psycopg.Connection[Any]", written: Written, parameters: Sequence[Any]
) -> tuple[list[Row], int]:
    sent = [_sent(value) for value in parameters]
    try:
        statement, result = _run_prepared(connected, written, sent)
    except psycopg.errors.InvalidSqlStatementName:
        # When a transaction is undone, psycopg lets the server forget all that is prepared; so nothing has been done.
        _prepared.pop(connected, None)
        statement, result = _run_prepared(connected, written, sent)
    changed = result.command_tuples or 0
    if not result.ntuples:
        return [], changed
    if not statement.readers:
        statement.readers = [_READERS[result.ftype(place)] for place in range(result.nfields)]
    value_at = result.get_value
    return [
        tuple(
            [
                None if (text := value_at(row, place)) is None else read(text)
                for place, read in enumerate(statement.readers)
            ]
        )
        for row in range(result.ntuples)
    ], changed


def _run_prepared(
    connected: "psycopg.Connection[Any]", written: Written, sent: Sequence[bytes | None]
) -> tuple[_Prepared, Any]:
    here = _prepared.setdefault(connected, {})
    statement = here.get(written.sql)
    if statement is None:
        statement = here[written.sql] = _Prepared(connected.pgconn, written.sql, number=next(_numbers))
    return statement, statement.run(sent)


def _check(result: Any, libpq: Any) -> Any:
    if result.status not in _DONE:
        if libpq.status != psycopg.pq.ConnStatus.OK:  # it says no more than that it has gone
            raise psycopg.OperationalError("The connection to the database was lost.")
        raise psycopg.errors.error_from_result(result, encoding="utf-8")
    return result


@cache
def _numbered(sql: str) -> bytes:
    """The statement with parameters as PostgreSQL itself counts them."""
    first, *others = sql.split("%s")
    return "".join([first, *(f"${place}{part}" for place, part in enumerate(others, 1))]).encode()


# A client's rows are named in each of its requests, and the moment of a request several times in one.
@lru_cache(maxsize=256)
def _text_of(value: UUID | datetime) -> bytes:
    return str(value).encode()


def _sent(value: Any) -> bytes | None:
    """A value as text. Raises TypeError for a type that no statement has, and DataError for text with a NUL."""
    if value is None:
        return None
    if value is True or value is False:
        return b"t" if value else b"f"
    if type(value) is str:
        text = value.encode()
    elif type(value) is UUID or type(value) is datetime:
        return _text_of(value)
    elif isinstance(value, (str, int, datetime, UUID, IPv4Address, IPv6Address)):
        text = str(value).encode()
    else:
        raise TypeError(type(value).__name__)
    if b"\0" in text:  # where libpq would end the value
        raise psycopg.DataError("PostgreSQL text holds no NUL.")
    return text
