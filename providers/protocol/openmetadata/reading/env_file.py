"""Settings as environment variables: in an env file, a Compose file or the chart's `extraEnvs`."""

from providers.protocol.openmetadata.document import REFERENCE, Document, Entry, Form, Spelling, Stray
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.reading.env_lines import Assigned, Unreadable, read_lines
from providers.protocol.openmetadata.reading.values import Value, pasted
from providers.protocol.openmetadata.schema import by_variable


def read_env_file(lines: list[str]) -> Document:
    """Return what an env file sets."""
    document = Document(Form.ENV, lines)
    first: dict[str, int] = {}
    for item in read_lines(lines):
        if isinstance(item, Unreadable):
            document.fault(item.line, Code.MALFORMED_LINE, item.reason, "NAME=value")
            continue
        if item.name in first:
            message = f"{item.name} is given twice, first on line {first[item.name]}; the last one counts."
            document.fault(item.line, Code.DUPLICATE_KEY, message, f"# one {item.name} is enough")
            document.forget(item.name)
        first.setdefault(item.name, item.line)
        take_variable(document, item, Spelling.ASSIGNMENT)
    return document


def take_variable(document: Document, item: Assigned, spelling: Spelling) -> None:
    """Keep one variable: as an entry if it is a setting's, as a stray otherwise."""
    named = by_variable(item.name)
    if named is None:
        document.strays.append(Stray(item.name, item.line, None, spelling, item.before, item.value))
        return
    found = Value(REFERENCE, "") if item.value is None else pasted(named, item.value)
    raw, variable, fits = found.raw, found.variable, found.fits
    document.add(Entry(named, found.value, item.line, spelling, item.before, raw, variable, fits))
