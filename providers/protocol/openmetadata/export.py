"""The three ways in which OpenMetadata is deployed, and the files of each."""

from collections.abc import Callable

from providers.protocol.openmetadata import bare_metal, docker, kubernetes
from providers.protocol.openmetadata.document import Deployment, File

TARGETS: dict[str, Callable[[Deployment], list[File]]] = {
    "docker": docker.docker_files,
    "kubernetes": kubernetes.kubernetes_files,
    "bare-metal": bare_metal.bare_metal_files,
}
# Where the key files are unless somebody says otherwise.
KEY_DIRECTORIES = {"docker": docker.KEYS, "kubernetes": kubernetes.KEYS, "bare-metal": bare_metal.KEYS}


def files_for(target: str, deployment: Deployment) -> list[File]:
    """Return the files that a deployment of this kind needs."""
    return TARGETS[target](deployment)
