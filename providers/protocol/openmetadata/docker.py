"""The export for Docker: an env file, and what Compose needs beside it."""

from collections.abc import Iterator

from providers.protocol.openmetadata.carried import Line, lines_of
from providers.protocol.openmetadata.document import HEADER, Deployment, File, comment, file_of
from providers.protocol.openmetadata.quoting import assignment, quoted
from providers.protocol.openmetadata.schema import Section

# Where the server's container finds the key files.
MOUNTED = "/etc/openmetadata/jwtkeys"
KEYS = "./docker-volume/jwtkeys"
OVERRIDE = "docker-compose.override.yml"


def docker_files(deployment: Deployment) -> list[File]:
    """Return the env file, named as in the documentation, and the override that hands it to the server."""
    name = "openmetadata_onelogin.env" if deployment.kind == "onelogin" else "openmetadata_oidc.env"
    return [file_of(name, _env_lines(deployment, name)), file_of(OVERRIDE, _override(deployment, name))]


def _env_lines(deployment: Deployment, name: str) -> Iterator[str]:
    yield HEADER
    yield from comment(f"Start: docker compose --env-file {name} up -d")
    own = False
    for line in lines_of(deployment, own_keys_first=False, key_directory=MOUNTED):
        if line.setting.section == Section.JWT and not own:
            own = True
            yield from comment(
                "The server's own keys: public_key.der and private_key.der, readable to it alone."
            )
        yield from comment(line.note)
        yield from _assigned(line, deployment)


def _assigned(line: Line, deployment: Deployment) -> Iterator[str]:
    if not line.is_secret:
        yield assignment(line.setting.variable, line.value)
        return
    variable = deployment.secret_variable
    yield from comment(f"Fill in: nothing here; set {variable} where docker compose is started.")
    yield f"{line.setting.variable}=${{{variable}}}"


def _override(deployment: Deployment, name: str) -> Iterator[str]:
    yield HEADER
    yield "services:"
    yield "  openmetadata-server:"
    yield "    env_file:"
    yield f"      - {quoted(f'./{name}')}"
    if deployment.jwt_keys:
        yield "    volumes:"
        yield f"      - {quoted(f'{deployment.jwt_keys.directory}:{MOUNTED}:ro')}"
