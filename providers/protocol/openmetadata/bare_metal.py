"""The export for bare metal: the blocks of conf/openmetadata.yaml."""

from collections.abc import Iterator

from providers.protocol.openmetadata.carried import Line, lines_of
from providers.protocol.openmetadata.document import HEADER, Deployment, File, comment, file_of
from providers.protocol.openmetadata.quoting import block, in_section, typed, written
from providers.protocol.openmetadata.schema import Section

NAME = "openmetadata.yaml"
KEYS = "/opt/openmetadata/conf"


def bare_metal_files(deployment: Deployment) -> list[File]:
    """Return the blocks that take the place of those of the same names."""
    return [file_of(NAME, _lines(deployment))]


def _lines(deployment: Deployment) -> Iterator[str]:
    directory = deployment.jwt_keys.directory.rstrip("/") if deployment.jwt_keys else ""
    lines = lines_of(deployment, own_keys_first=False, key_directory=directory)
    yield HEADER
    yield from comment("Each block takes the place of the one of the same name in conf/openmetadata.yaml.")
    yield from block(Section.AUTHENTICATION, _authentication(deployment, lines))
    yield from block(Section.AUTHORIZER, written(in_section(lines, Section.AUTHORIZER), _value))
    if deployment.jwt_keys:
        yield from comment("public_key.der and private_key.der are readable to the server's user alone.")
        yield from block(Section.JWT, written(in_section(lines, Section.JWT), _value))


def _authentication(deployment: Deployment, lines: list[Line]) -> Iterator[str]:
    yield from written(in_section(lines, Section.AUTHENTICATION), _value)
    if not deployment.is_public:
        yield from block(Section.OIDC, _oidc(lines))


def _oidc(lines: list[Line]) -> Iterator[str]:
    yield from written(in_section(lines, Section.OIDC), _value)
    yield 'tenant: ""'


def _value(line: Line) -> Iterator[str]:
    if line.is_secret:
        variable = line.setting.variable
        yield from comment(f"Fill in: nothing here; set {variable} in the environment of the server.")
        yield f'{line.setting.key}: ${{{variable}:-""}}'
        return
    yield f"{line.setting.key}: {typed(line.value, line.setting.type)}"
