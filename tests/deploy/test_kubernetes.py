"""Manifests and chart: built by kubectl and helm, held to the schemas of Kubernetes, and to what they promise."""

import json
import shutil

import pytest
import yaml

from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool

VERSIONS = ("1.27", "1.35")
CHART = DEPLOY / "helm" / "sso-console"
BASE_URL = "https://sso.example.com"


@pytest.fixture(scope="session")
def overlays(tmp_path_factory):
    """Each overlay built from a copy that has its secrets: `{name: [documents]}`."""
    copy = tmp_path_factory.mktemp("kubernetes") / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", copy, ignore=shutil.ignore_patterns("secrets"))
    run(str(DEPLOY / "new-secrets"), str(copy / "overlays" / "development" / "secrets"))
    names = sorted(path.name for path in (copy / "overlays").iterdir())
    return {
        name: _documents(run(tool("kubectl"), "kustomize", str(copy / "overlays" / name))) for name in names
    }


def render(*options):
    template = [tool("helm"), "template", "sso-console", str(CHART), "--namespace", "sso-console"]
    return _documents(run(*template, "--set", f"baseUrl={BASE_URL}", *options))


@pytest.fixture(scope="session")
def chart():
    return render()


@pytest.fixture(scope="session")
def built(overlays, chart):
    return overlays | {"chart": chart}


def _documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(documents, kind):
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def pods(documents):
    """Every pod template by what it belongs to."""
    for document in documents:
        spec = document.get("spec", {})
        if document["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if document["kind"] in ("Deployment", "CronJob", "Job"):
            yield document["metadata"]["name"], spec["template"]


KINDS = {
    "ServiceAccount", "Deployment", "Service", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    "NetworkPolicy", "CronJob", "Job",
}  # fmt: skip
WAYS = ["production", "development", "chart"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", WAYS)
def test_every_document_has_the_form_that_the_cluster_takes(built, way, version, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(built[way]))
    run(tool("kubernetes-validate"), "--strict", "-k", version, str(path))


def test_a_misspelt_key_would_be_found(built, tmp_path):
    [deployment] = [document for document in built["production"] if document["kind"] == "Deployment"]
    broken = json.loads(json.dumps(deployment))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(broken))
    with pytest.raises(AssertionError, match="readynessProbe"):
        run(tool("kubernetes-validate"), "--strict", "-k", VERSIONS[-1], str(path))


@pytest.mark.parametrize("way", WAYS)
def test_it_is_complete(built, way):
    assert {document["kind"] for document in built[way]} >= KINDS


@pytest.mark.parametrize("way", WAYS)
def test_no_pod_asks_for_more_than_the_restricted_standard_gives(built, way):
    for name, pod in pods(built[way]):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context.get("readOnlyRootFilesystem") is True, name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_files_by_reference(built, way):
    for name, pod in pods(built[way]):
        if name in ("postgres", "redis"):
            continue
        [volume] = [volume for volume in pod["spec"]["volumes"] if "secret" in volume]
        assert volume["secret"]["secretName"].startswith("sso-console"), name
        assert volume["secret"]["defaultMode"] == 0o440
        variables = {entry["name"] for entry in pod["spec"]["containers"][0].get("env", ())}
        assert not {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "CACHE_URL"} & variables


@pytest.mark.parametrize("way", WAYS)
def test_the_probes_ask_what_they_should(built, way):
    [pod] = [pod for name, pod in pods(built[way]) if name == "sso-console"]
    [container] = pod["spec"]["containers"]
    asked = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert asked == {
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz?except=cache,database",
        "startupProbe": "/readyz?except=cache",
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_pod_has_the_time_to_leave_in_good_order(built, way):
    [pod] = [pod for name, pod in pods(built[way]) if name == "sso-console"]
    [container] = pod["spec"]["containers"]
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = next(int(entry["value"]) for entry in container["env"] if entry["name"] == "DRAIN_SECONDS")
    assert pod["spec"]["terminationGracePeriodSeconds"] > before + drain + 20


@pytest.mark.parametrize("way", WAYS)
def test_every_selector_finds_its_pods(built, way):
    documents = built[way]
    labels = [pod["metadata"]["labels"] for _, pod in pods(documents)]

    def found(selector):
        return [one for one in labels if selector.items() <= one.items()]

    for name, service in of_kind(documents, "Service").items():
        assert bool(found(service["spec"]["selector"])) is not name.endswith("-closed"), name
    for name, deployment in of_kind(documents, "Deployment").items():
        assert len(found(deployment["spec"]["selector"]["matchLabels"])) == 1, name
    [budget] = of_kind(documents, "PodDisruptionBudget").values()
    assert len(found(budget["spec"]["selector"]["matchLabels"])) == 1
    [scaler] = of_kind(documents, "HorizontalPodAutoscaler").values()
    assert scaler["spec"]["scaleTargetRef"]["name"] in of_kind(documents, "Deployment")


@pytest.mark.parametrize("way", WAYS)
def test_the_ingress_has_the_host_of_the_base_url_and_keeps_metrics_in(built, way):
    documents = built[way]
    [ingress] = of_kind(documents, "Ingress").values()
    [rule] = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]
    assert rule["host"] == ("sso.localtest.me" if way == "development" else "sso.example.com")
    backends = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert backends == {"/": "sso-console", "/metrics": "sso-console-closed"}


def test_every_schedule_fits_its_deadline_and_never_runs_twice_at_once(built):
    for way in WAYS:
        jobs = of_kind(built[way], "CronJob")
        assert len(jobs) == 4
        for job in jobs.values():
            assert job["spec"]["concurrencyPolicy"] == "Forbid"
            assert job["spec"]["timeZone"] == "Etc/UTC"


def test_the_chart_and_the_manifests_say_the_same(built):
    """Two ways to write one thing: what a server pod is does not depend on which one somebody chose."""

    def essence(way):
        [pod] = [pod for name, pod in pods(built[way]) if name == "sso-console"]
        [container] = pod["spec"]["containers"]
        kept = ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "resources")
        kept += ("securityContext", "volumeMounts")
        spec = ("securityContext", "volumes", "terminationGracePeriodSeconds", "enableServiceLinks")
        return {name: container[name] for name in kept} | {f"pod {name}": pod["spec"][name] for name in spec}

    assert essence("chart") == essence("production")
    schedules = [
        {name: job["spec"]["schedule"] for name, job in of_kind(built[way], "CronJob").items()}
        for way in ("chart", "production")
    ]
    assert schedules[0] == schedules[1]


class ChartTests:
    def test_the_linter_has_nothing_to_say(self):
        run(tool("helm"), "lint", "--strict", str(CHART), "--set", f"baseUrl={BASE_URL}")

    @pytest.mark.parametrize(
        "wrong",
        [
            "baseUrl=http://sso.example.com",
            "baseUrl=https://sso.example.com/",
            "trustedProxies=0.0.0.0/0",
            "trustedProxies=10.0.0.0/7",
            "trustedProxyHeader=X-Real-IP",
            "databasePooler=statement",
            "extraEnv.DEBUG=true",
            "extraEnv.SECRET_KEY=here",
            "extraEnv.CACHE_URL=here",
            "cacheUrl=locmemcache://",
            "replicas=3",
            "schedules.cleanup=daily",
            "drainSeconds=600",
        ],
    )
    def test_the_schema_refuses(self, wrong):
        with pytest.raises(AssertionError, match="schema"):
            render("--set", wrong)

    def test_what_can_be_left_out_can_be_left_out(self):
        rendered = render("--set", "ingress.enabled=false", "--set", "networkPolicy.enabled=false")
        assert KINDS - {document["kind"] for document in rendered} == {"Ingress", "NetworkPolicy"}

    def test_nobody_is_trusted_until_somebody_is_named(self, chart):
        def proxies(documents):
            return {
                entry["value"]
                for _, pod in pods(documents)
                for entry in pod["spec"]["containers"][0]["env"]
                if entry["name"] == "TRUSTED_PROXIES"
            }

        assert proxies(chart) == set()
        assert proxies(render("--set", "trustedProxies=10.244.7.0/24")) == {"10.244.7.0/24"}

    def test_further_settings_reach_every_pod(self):
        rendered = render(
            "--set-string", "extraEnv.SESSIONS_PER_USER=5", "--set", "databasePooler=transaction"
        )
        for name, pod in pods(rendered):
            entries = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0]["env"]}
            assert entries["SESSIONS_PER_USER"] == "5", name
            assert entries["DATABASE_POOLER"] == "transaction", name

    def test_the_migration_stands_on_nothing_that_comes_after_it(self, chart):
        [job] = of_kind(chart, "Job").values()
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert "serviceAccountName" not in job["spec"]["template"]["spec"]
        assert "envFrom" not in job["spec"]["template"]["spec"]["containers"][0]
