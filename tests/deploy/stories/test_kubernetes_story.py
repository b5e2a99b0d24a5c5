"""Kubernetes, by kustomize and by Helm: the commands of docs/deployment.md, with processes in the place of pods."""

import re

import pytest

from tests.deploy.stories import releases
from tests.deploy.stories.cluster import Cluster
from tests.deploy.stories.shell import shell
from tests.deploy.stories.story import Deployment, documented, tell

INSTALL, ROLL_BACK, BACKUPS = documented("Kubernetes")
OVERLAY = "deploy/kubernetes/overlays/production"


class ByKubernetes(Deployment):
    def __init__(self, checkout, cluster, sh, elsewhere):
        self.checkout, self.cluster, self.sh, self.elsewhere = checkout, cluster, sh, elsewhere

    def port(self):
        return self.cluster.pods["sso-console"].port

    def metrics_token(self):
        return (self.secrets / "metrics_token").read_text()

    def manage(self, *words, text=""):
        inside = f"python manage.py {' '.join(words)}"
        stdin = " --stdin" if text else ""
        return self.sh(
            f"kubectl --namespace sso-console exec{stdin} deployment/sso-console -- {inside}", text=text
        )

    def back_up(self):
        self.sh(BACKUPS.splitlines()[0])
        [folder] = (self.cluster.folder / "volumes").glob("*-backups")
        [self.backup] = [path.name for path in folder.glob("console-*.backup")]

    def restore(self):
        lines = "\n".join(BACKUPS.splitlines()[1:])
        script, replaced = re.subn(r"console-\d{8}T\d{6}Z\.backup", self.backup, lines)
        assert replaced == 1
        self.sh(script)
        assert self.cluster.jobs[-1] == ("restore", 0, 0)  # nobody serves, and nothing is scheduled


class ByKustomize(ByKubernetes):
    @property
    def secrets(self):
        return self.checkout / OVERLAY / "secrets"

    def edit(self, *changes):
        overlay = self.checkout / OVERLAY / "kustomization.yaml"
        text = overlay.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        overlay.write_text(text)

    def install(self):
        """The lines at the overlay's top."""
        text = (self.checkout / OVERLAY / "kustomization.yaml").read_text()
        secrets, self.apply = re.findall(r"^#   (\S.*)$", text, re.MULTILINE)
        self.sh(secrets)
        self.elsewhere(self.secrets)
        self.edit(("    literals:\n", "    literals:\n      - DRAIN_SECONDS=0\n"))
        self.before = text.split("newTag: ")[1].split()[0]
        self.sh(self.apply)

    def upgrade(self):
        self.edit(
            (f"newTag: {self.before}", f"newTag: {releases.NEXT}"),
            (f"app.kubernetes.io/version: {self.before}", f"app.kubernetes.io/version: {releases.NEXT}"),
        )
        self.sh(self.apply)

    def roll_back(self):
        self.edit(
            (f"newTag: {releases.NEXT}", f"newTag: {self.before}"),
            (f"app.kubernetes.io/version: {releases.NEXT}", f"app.kubernetes.io/version: {self.before}"),
            ("    literals:\n", "    literals:\n      - ALLOW_NEWER_DATABASE=true\n"),
        )
        # As is documented for who does not wait until it has gone by itself.
        self.sh("kubectl delete job --selector app.kubernetes.io/component=migrate")
        self.sh(self.apply)


class ByHelm(ByKubernetes):
    @property
    def secrets(self):
        return self.checkout.parent / "secrets"

    def install(self):
        secrets, rest = INSTALL.replace("/tmp/sso-secrets", str(self.secrets)).split("\n", 1)
        self.sh(secrets)
        self.elsewhere(self.secrets)
        create, self.apply = rest.split("\n", 1)
        self.apply = f"{self.apply.rstrip()} --set drainSeconds=0"
        self.sh(f"{create}\n{self.apply}")

    def upgrade(self):
        self.sh(f"{self.apply} --set image.tag={releases.NEXT}")

    def roll_back(self):
        self.sh(ROLL_BACK)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """By their tags: this release as the chart and the overlay name it, and the next."""
    top = tmp_path_factory.mktemp("images")
    checkout = releases.check_out(top / "checkout")
    tag = re.search(r"newTag: (\S+)", (checkout / OVERLAY / "kustomization.yaml").read_text())[1]
    images = {tag: releases.build(checkout, top / "before")}
    releases.fetch_the_next(checkout)
    return images | {releases.NEXT: releases.build(checkout, top / "after")}


@pytest.mark.parametrize("how", [ByKustomize, ByHelm])
def test_it_is_installed_administered_backed_up_upgraded_rolled_back_and_restored(
    how, tmp_path, images, elsewhere
):
    checkout = releases.check_out(tmp_path / "checkout")
    cluster = Cluster(tmp_path, checkout, images)
    try:
        with shell(tmp_path, checkout, kubectl=cluster.kubectl, helm=cluster.helm) as sh:
            tell(how(checkout, cluster, sh, elsewhere))
    finally:
        cluster.end()
