"""
The configuration of OpenMetadata in one shape: one that was read, from any of the three forms, and one to export.

An export is made of a registration and of where OpenMetadata runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from providers.protocol.openmetadata.findings import Code, Mistake
from providers.protocol.openmetadata.schema import HELM_GATE, PREFIXES, Section, Setting, Type, setting

Path = tuple[Section, str]
HEADER = "# OpenMetadata Server Authentication Configuration"


class Form(StrEnum):
    """The forms there are."""

    ENV = "an env file"
    HELM = "values of the Helm chart"
    FILE = "openmetadata.yaml"


class Spelling(StrEnum):
    """How one entry is written: a form may hold entries of another, such as `extraEnvs`."""

    ASSIGNMENT = "NAME=value"
    ITEM = "- NAME=value"
    VARIABLE = "NAME: value"
    PAIR = "name: NAME, value: value"
    HELM = "chart"
    FILE = "key: value"


class Elsewhere(StrEnum):
    """Stands for a value that is not in the file."""

    REFERENCE = "reference"


REFERENCE = Elsewhere.REFERENCE


@dataclass(frozen=True, slots=True)
class Stray:
    """A name that no setting has; `section` is None for a variable."""

    name: str
    line: int
    section: Section | None
    spelling: Spelling
    before: str
    unchecked_value: Any


@dataclass(frozen=True, slots=True)
class Correction:
    """The value that a setting should have; `stray` is the name that it stands under, if that is another."""

    setting: Setting
    value: Any
    stray: Stray | None = None


@dataclass(frozen=True, slots=True)
class Trap:
    """What a check finds; `fix` is the text for the line, or a value from which the text is made."""

    line: int
    code: Code
    message: str
    fix: str | Correction


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A setting that a file has.

    `value` has the setting's type, or is whatever stands there if `fits` is false. `raw` is the text of a
    scalar. `before` is what precedes the value on its line. `variable` may replace the value, `${NAME:-value}`.
    `added` says that it is not in the file yet.
    """

    setting: Setting
    value: Any
    line: int
    spelling: Spelling
    before: str
    raw: str = ""
    variable: str = ""
    fits: bool = True
    added: bool = False

    def corrected(self, value: Any) -> Correction:
        """Return the setting with another value."""
        return Correction(self.setting, value)


@dataclass(slots=True)
class Document:
    """
    A whole file, or one service of a Compose file.

    `blocks` are the lines where its sections begin, `places` the line of every path of a YAML file, and `root`
    where in it the sections stand; `base` is where values of the chart stand in a file of others. `secrets` are the
    secret values in it, which nothing may repeat. `others` are variables that a server reads and that are no setting
    of sign-in.
    `is_partial` says that more settings may come from a file that is named and not here. `rank` tells how much a
    service looks like the server.
    """

    form: Form
    lines: list[str]
    entries: dict[Path, Entry] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    faults: list[Mistake] = field(default_factory=list)
    blocks: dict[Section, int] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    places: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    root: tuple[str | int, ...] = ()
    base: tuple[str | int, ...] = ()
    is_partial: bool = False
    service: str = ""
    rank: int = 0

    def add(self, entry: Entry) -> None:
        """Keep an entry; of two with the same meaning the first counts, as one that is ignored comes last."""
        self.entries.setdefault(entry.setting.path, entry)
        if entry.setting.type == Type.SECRET and entry.value is not REFERENCE:
            self.secrets.add(entry.raw)
            members = entry.value.values() if isinstance(entry.value, Mapping) else [entry.value]
            self.secrets.update(str(member) for member in members if member)

    def fault(self, line: int, code: Code, message: str, fix: str = "") -> None:
        self.faults.append(Mistake(line, code, message, fix))

    def entry(self, section: Section, key: str) -> Entry | None:
        return self.entries.get((section, key))

    def known(self, section: Section, key: str) -> Any:
        """Return a value that is there, of the right type and not elsewhere; None otherwise."""
        entry = self.entry(section, key)
        return None if entry is None or not entry.fits or entry.value is REFERENCE else entry.value

    def effective(self, section: Section, key: str) -> Any:
        """Return the value that a server takes: that of the file, or its default; None if it is elsewhere."""
        if self.entry(section, key) is None:
            return setting(section, key).default
        return self.known(section, key)

    def is_off(self, section: Section) -> bool:
        """Tell whether the chart's switch keeps a block from the server."""
        gate = self.entry(section, HELM_GATE)
        return gate is not None and gate.value is not True

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing in it is read by a server, or was meant to be."""
        meant = any(stray.section or stray.name.startswith(PREFIXES) for stray in self.strays)
        return not (self.entries or self.ignored or self.others or meant)

    def line_of(self, *sections: Section) -> int:
        """Return where something that is missing belongs."""
        for section in sections:
            if section in self.blocks:
                return self.blocks[section]
            lines = [entry.line for path, entry in self.entries.items() if path[0] == section]
            if lines:
                return min(lines)
        return 1

    def addition(self, named: Setting, value: Any) -> Correction:
        """Return a setting that is missing."""
        return Correction(named, value)

    def readable(self) -> Iterator[Entry]:
        """Give every entry that may be repeated: it is here, and no secret."""
        for entry in self.entries.values():
            if entry.setting.type != Type.SECRET and entry.value is not REFERENCE:
                yield entry


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export; `name` has no directory."""

    name: str
    text: str


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Give `text` as a comment; what would end the line is taken out."""
    if text:
        yield f"{indent}# {''.join(c if c.isprintable() else ' ' for c in text)}"


def file_of(name: str, lines: "Iterator[str] | list[str]") -> File:
    return File(name, "\n".join(lines) + "\n")


@dataclass(frozen=True, slots=True)
class JwtKeys:
    """The key files of the server's own tokens; `is_new` if this key id was made for this export."""

    directory: str
    key_id: str
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """
    A registration in the console's terms, without its secret.

    `provider_jwks` is the `jwks_uri` of the discovery document, None while nobody has fetched it. `console_jwks`
    is where the console publishes its keys. `server_url` is the origin of OpenMetadata, None if not known.
    """

    slug: str
    kind: str
    name: str
    issuer: str
    client_id: str
    token_endpoint_auth_method: str
    response_type: str
    scopes: Sequence[str]
    pkce: bool
    signing_algs: Sequence[str]
    leeway: int
    max_age: int | None
    prompt: str
    extra_params: Mapping[str, str]
    principal_claims: Sequence[str]
    email_claim: str
    admin_principals: Sequence[str]
    allowed_email_domains: Sequence[str]
    self_signup: bool
    provider_jwks: str | None
    console_jwks: str
    server_url: str | None = None
    jwt_keys: JwtKeys | None = None

    @property
    def is_public(self) -> bool:
        return self.token_endpoint_auth_method == "none"  # noqa: S105 - a method's name

    @property
    def secret_variable(self) -> str:
        """The environment variable that the files refer to for the client secret."""
        stem = self.slug.upper().replace("-", "_")
        return f"{'_' if stem[:1].isdigit() else ''}{stem}_CLIENT_SECRET"
