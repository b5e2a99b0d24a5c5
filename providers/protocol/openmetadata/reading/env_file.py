"""Settings as environment variables: in an env file, a Compose file or the chart's `extraEnvs`."""

from collections.abc import Iterable

from providers.protocol.openmetadata.document import REFERENCE, Document, Entry, Form, Spelling, Stray
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.other_variables import OTHER_VARIABLES
from providers.protocol.openmetadata.reading.env_lines import Assigned, read_lines
from providers.protocol.openmetadata.reading.values import Value, pasted
from providers.protocol.openmetadata.schema import Type, by_variable


def read_env_file(lines: list[str]) -> Document:
    """Return what an env file sets."""
    document = Document(Form.ENV, lines)
    items = []
    for item in read_lines(lines):
        if isinstance(item, Assigned):
            items.append(item)
        else:
            document.fault(item.line, Code.MALFORMED_LINE, item.reason, "NAME=value")
    take_variables(document, items, Spelling.ASSIGNMENT)
    return document


def take_variables(document: Document, items: Iterable[Assigned], spelling: Spelling) -> None:
    """Keep variables in their order; of two with one name the last counts."""
    items = list(items)
    last = {item.name: item.line for item in items}
    for item in items:
        if item.line == last[item.name]:
            _take(document, item, spelling)
            continue
        named = by_variable(item.name)
        if named and named.type == Type.SECRET and item.value:
            document.secrets.add(item.value)
        message = f"{item.name} is given twice; the last one counts, on line {last[item.name]}."
        document.fault(item.line, Code.DUPLICATE_KEY, message, f"# one {item.name} is enough")


def _take(document: Document, item: Assigned, spelling: Spelling) -> None:
    """Keep one variable: as an entry if it is a setting's, as a stray if it is nobody's."""
    named = by_variable(item.name)
    if item.name in OTHER_VARIABLES:
        document.others.add(item.name)
    elif named is None:
        document.strays.append(Stray(item.name, item.line, None, spelling, item.before, item.value))
    else:
        if item.value is None:
            found = Value(REFERENCE, "", variable=item.name)
        else:
            found = pasted(named, item.value, is_literal=item.is_literal)
        # What a container is given by its name wins over what a chart's secret gives it.
        document.entries.pop(named.path, None)
        raw, variable, fits = found.raw, found.variable, found.fits
        document.add(Entry(named, found.value, item.line, spelling, item.before, raw, variable, fits))
