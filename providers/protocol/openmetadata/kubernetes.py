"""The export for the Helm chart: its values, and the commands that make the secrets they refer to."""

import shlex
from collections.abc import Iterator

from providers.protocol.openmetadata.carried import Line, lines_of
from providers.protocol.openmetadata.docker import MOUNTED
from providers.protocol.openmetadata.document import HEADER, Deployment, File, comment, file_of
from providers.protocol.openmetadata.quoting import block, in_section, quoted, typed, variable_value, written
from providers.protocol.openmetadata.schema import KEYS_SECRET, OIDC_SECRET, OIDC_SECRET_KEYS, Section

VALUES = "openmetadata.prod.values.yml"
SECRETS = "openmetadata_secrets.sh"
KEYS = "."
VOLUME = "openmetadata-jwt-vol"


def kubernetes_files(deployment: Deployment) -> list[File]:
    """Return the values, and the commands if there are secrets."""
    files = [file_of(VALUES, _values(deployment))]
    commands = list(_commands(deployment))
    return [*files, file_of(SECRETS, ["#!/bin/sh", *commands])] if commands else files


def _values(deployment: Deployment) -> Iterator[str]:
    lines = lines_of(deployment, own_keys_first=True, key_directory=MOUNTED)
    yield HEADER
    yield from comment(f"helm upgrade --install openmetadata open-metadata/openmetadata --values {VALUES}")
    yield from block("openmetadata", block("config", _config(deployment, lines)))
    yield from comment("What the chart itself has no values for.")
    yield "extraEnvs:"
    for line in (line for line in lines if not line.setting.helm):
        yield from comment(line.note, "  ")
        yield f"  - name: {line.setting.variable}"
        yield f"    value: {quoted(variable_value(line.value))}"
    if deployment.jwt_keys:
        yield from _volumes()


def _config(deployment: Deployment, lines: list[Line]) -> Iterator[str]:
    settable = [line for line in lines if line.setting.helm]
    yield from block("authorizer", written(in_section(settable, Section.AUTHORIZER), _value))
    yield from block("authentication", _authentication(deployment, settable))
    if deployment.jwt_keys:
        keys = in_section(settable, Section.JWT)
        yield from block("jwtTokenConfiguration", _enabled(written(keys, _value)))


def _authentication(deployment: Deployment, lines: list[Line]) -> Iterator[str]:
    yield from written(in_section(lines, Section.AUTHENTICATION), _value)
    if not deployment.is_public:
        oidc = in_section(lines, Section.OIDC)
        yield from block("oidcConfiguration", _enabled(written(oidc, _value)))


def _enabled(body: Iterator[str]) -> Iterator[str]:
    yield "enabled: true"
    yield from body


def _value(line: Line) -> Iterator[str]:
    if line.setting.key in OIDC_SECRET_KEYS and line.setting.section == Section.OIDC:
        yield f"{line.setting.helm}:"
        yield f"  secretRef: {quoted(OIDC_SECRET)}"
        yield f"  secretKey: {quoted(OIDC_SECRET_KEYS[line.setting.key])}"
        return
    yield f"{line.setting.helm}: {typed(line.value, line.setting.helm_type or line.setting.type)}"


def _volumes() -> Iterator[str]:
    yield "extraVolumes:"
    yield f"  - name: {quoted(VOLUME)}"
    yield "    secret:"
    yield f"      secretName: {quoted(KEYS_SECRET)}"
    yield "extraVolumeMounts:"
    yield f"  - name: {quoted(VOLUME)}"
    yield f"    mountPath: {quoted(MOUNTED)}"
    yield "    readOnly: true"


def _commands(deployment: Deployment) -> Iterator[str]:
    """A secret comes from a file: what stands in a command is in the history, and seen by everybody."""
    if not deployment.is_public:
        file = f"{deployment.slug}-client-secret"
        client = shlex.quote(f"{OIDC_SECRET_KEYS['id']}={deployment.client_id}")
        yield from comment(f"Fill in: write the client secret into the file {file}, without a line break.")
        yield (
            f"kubectl create secret generic {OIDC_SECRET} --from-literal={client}"
            f" --from-file={OIDC_SECRET_KEYS['secret']}={file} --namespace default"
        )
    if deployment.jwt_keys:
        directory = deployment.jwt_keys.directory.rstrip("/")
        named = (shlex.quote(f"{directory}/{name}.der") for name in ("private_key", "public_key"))
        files = " ".join(f"--from-file {name}" for name in named)
        yield f"kubectl create secret generic {KEYS_SECRET} {files} --namespace default"
