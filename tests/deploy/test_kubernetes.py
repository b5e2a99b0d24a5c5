"""Manifests and chart: built by kubectl and helm, held to the schemas of Kubernetes, and to what they promise."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import ValidationError

from tests.deploy.custom_resources import check, is_custom
from tests.deploy.names import DEPLOY, settings_that_are_documented
from tests.deploy.tools import run, tool
from tests.support.servers import ROOT

VERSIONS = ("1.27", "1.35")
CHART = DEPLOY / "helm" / "sso-console"
BASE_URL = "https://sso.example.com"


@pytest.fixture(scope="session")
def overlays(tmp_path_factory):
    """Each overlay built from a copy that has its secrets: `{name: [documents]}`."""
    copy = tmp_path_factory.mktemp("kubernetes") / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", copy, ignore=shutil.ignore_patterns("secrets"))
    shutil.copytree(DEPLOY / "monitoring", copy.parent / "monitoring")
    names = sorted(path.name for path in (copy / "overlays").iterdir())
    for name in names:
        run(str(DEPLOY / "new-secrets"), str(copy / "overlays" / name / "secrets"))
        # With everything that is there to be chosen.
        change(
            copy / "overlays" / name / "kustomization.yaml",
            "# - ../../../monitoring",
            "- ../../../monitoring",
        )
    return {name: kustomize(copy / "overlays" / name) for name in names} | {"copy": copy}


def change(path, old, new):
    text = path.read_text()
    path.write_text(text.replace(old, new))
    return old in text


def kustomize(folder):
    return _documents(run(tool("kubectl"), "kustomize", str(folder)))


def render(*options):
    template = [tool("helm"), "template", "sso-console", str(CHART), "--namespace", "sso-console"]
    return _documents(run(*template, "--set", f"baseUrl={BASE_URL}", *options))


@pytest.fixture(scope="session")
def chart():
    return render("--set", "ingress.enabled=true", "--set", "monitoring.enabled=true")


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
    "ServiceAccount", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy",
    "CronJob", "Job", "PersistentVolumeClaim",
}  # fmt: skip
WAYS = ["production", "development", "chart"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", WAYS)
def test_every_document_has_the_form_that_the_cluster_takes(built, way, version, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all([each for each in built[way] if not is_custom(each)]))
    run(tool("kubernetes-validate"), "--strict", "-k", version, str(path))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_part_of_kubernetes_has_its_form_too(built, way):
    found = [each for each in built[way] if is_custom(each)]
    assert {each["kind"] for each in found} == {
        "production": {"HTTPRoute", "ServiceMonitor", "PrometheusRule"},
        "development": {"Middleware"},
        "chart": {"HTTPRoute", "Middleware", "ServiceMonitor", "PrometheusRule"},
    }[way]
    for each in found:
        check(each)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("HTTPRoute", lambda spec: spec["rules"][1].update(backendRef=[])),
        ("HTTPRoute", lambda spec: spec["rules"][0]["matches"][0]["path"].update(type="Excat")),
        ("ServiceMonitor", lambda spec: spec["endpoints"][0].update(intervall="30s")),
        ("PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].update(expr=None)),
        ("Middleware", lambda spec: spec["headers"].update(customRequestHeaders=["Forwarded"])),
    ],
)
def test_a_mistake_in_one_of_those_would_be_found(chart, kind, wrong):
    [document] = [json.loads(json.dumps(each)) for each in chart if each["kind"] == kind]
    check(document)
    wrong(document["spec"])
    with pytest.raises((ValidationError, subprocess.CalledProcessError)):
        check(document)


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
        [volume] = [volume for volume in pod["spec"]["volumes"] if volume["name"] == "secrets"]
        assert volume["secret"]["secretName"].startswith("sso-console"), name
        assert volume["secret"]["defaultMode"] == 0o440
        variables = {entry["name"] for entry in pod["spec"]["containers"][0].get("env", ())}
        assert not {
            "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "CACHE_URL", "METRICS_TOKEN",
        } & variables  # fmt: skip


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
    given = {entry["name"]: entry["value"] for entry in container.get("env", ())}
    for source in container.get("envFrom", ()):
        given |= of_kind(built[way], "ConfigMap")[source["configMapRef"]["name"]]["data"]
    drain = int(given["DRAIN_SECONDS"])
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


HOSTS = {"production": "sso.example.com", "development": "sso.localtest.me", "chart": "sso.example.com"}


@pytest.mark.parametrize("way", ["development", "chart"])
def test_the_ingress_has_the_host_of_the_base_url_and_keeps_metrics_in(built, way):
    [ingress] = of_kind(built[way], "Ingress").values()
    [rule] = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]] == [HOSTS[way]]
    backends = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert backends == {"/": "sso-console", "/metrics": "sso-console-closed"}


@pytest.mark.parametrize("way", ["production", "chart"])
def test_so_has_the_route_of_a_gateway(built, way):
    [route] = of_kind(built[way], "HTTPRoute").values()
    assert route["spec"]["hostnames"] == [HOSTS[way]]
    services = of_kind(built[way], "Service")
    backends = {}
    for rule in route["spec"]["rules"]:
        [match], [backend] = rule["matches"], rule["backendRefs"]
        backends[(match["path"]["type"], match["path"]["value"])] = backend["name"]
        assert backend["port"] in [port["port"] for port in services[backend["name"]]["spec"]["ports"]]
    assert backends == {("PathPrefix", "/"): "sso-console", ("Exact", "/metrics"): "sso-console-closed"}


def spellings(way, documents):
    for route in of_kind(documents, "HTTPRoute").values():
        [filters] = [rule["filters"] for rule in route["spec"]["rules"] if "filters" in rule]
        yield f"{way} route", filters[0]["requestHeaderModifier"]["remove"]
    for middleware in of_kind(documents, "Middleware").values():
        headers = middleware["spec"]["headers"]["customRequestHeaders"]
        assert set(headers.values()) == {""}
        yield f"{way} middleware", list(headers)


def test_every_spelling_that_a_client_could_choose_is_taken_off_at_each_door(built):
    """By the same list as in docs/deployment.md, which is tested against the console."""
    docs = (ROOT / "docs" / "deployment.md").read_text().split("console-headers:")[1].split("```")[0]
    said = set(re.findall(r"^ +([\w-]+): \"\"$", docs, re.MULTILINE))
    found = {name: set(names) for way in WAYS for name, names in spellings(way, built[way])}
    assert found == dict.fromkeys(
        ["production route", "development middleware", "chart route", "chart middleware"], said
    )


@pytest.mark.parametrize("way", ["development", "chart"])
def test_traefik_finds_the_middleware_by_its_namespace(built, way):
    [ingress], [middleware] = (of_kind(built[way], kind).values() for kind in ("Ingress", "Middleware"))
    namespace = ingress["metadata"].get("namespace", "sso-console")
    named = ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]
    assert named == f"{namespace}-{middleware['metadata']['name']}@kubernetescrd"


def test_every_schedule_fits_its_deadline_and_never_runs_twice_at_once(built):
    for way in WAYS:
        jobs = of_kind(built[way], "CronJob")
        assert len(jobs) == 5
        for job in jobs.values():
            assert job["spec"]["concurrencyPolicy"] == "Forbid"
            assert job["spec"]["timeZone"] == "Etc/UTC"


@pytest.mark.parametrize("way", WAYS)
def test_backups_go_to_a_volume_that_is_not_the_databases(built, way):
    [job] = [job for name, job in of_kind(built[way], "CronJob").items() if name.endswith("-backup")]
    spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    command = container["args"]
    assert command[:3] == ["backup", "--folder", "/backups"]
    assert command[3:] == ["--keep", "14"]
    assert {"name": "backups", "mountPath": "/backups"} in container["volumeMounts"]
    assert {"name": "TMPDIR", "value": "/backups"} in container["env"]
    [claimed] = [v["persistentVolumeClaim"]["claimName"] for v in spec["volumes"] if v["name"] == "backups"]
    assert claimed in of_kind(built[way], "PersistentVolumeClaim")


@pytest.mark.parametrize("way", WAYS)
def test_the_way_out_is_open_to_what_the_console_asks_and_to_no_metadata(built, way):
    policies = of_kind(built[way], "NetworkPolicy")
    out = policies["sso-console"]["spec"]["egress"]

    def ports(rule):
        return {(each["port"], each.get("protocol", "TCP")) for each in rule["ports"]}

    blocks = {}
    for rule in out:
        for each in rule.get("to", [{}]):
            block = each.get("ipBlock", {}).get("cidr", "in the cluster" if each else "anywhere")
            blocks[block] = blocks.get(block, set()) | ports(rule)
    web = {(port, "TCP") for port in (443, 8443, 465, 587)}
    dns = {(53, "UDP"), (53, "TCP")}
    assert blocks == {
        "0.0.0.0/0": web,
        "::/0": web,
        "169.254.20.10/32": dns,
        "in the cluster": dns | {(4317, "TCP"), (4318, "TCP")},
        "anywhere": {(5432, "TCP"), (6432, "TCP"), (6379, "TCP")},
    }
    for rule in out:
        for each in rule.get("to", ()):
            if each.get("ipBlock", {}).get("cidr") in ("0.0.0.0/0", "::/0"):
                excepted = [ip_network(network) for network in each["ipBlock"]["except"]]
                metadata = {4: "169.254.169.254", 6: "fd00:ec2::254"}[excepted[0].version]
                assert any(ip_address(metadata) in network for network in excepted)
    [inward] = [
        rule for rule in policies["sso-console"]["spec"]["ingress"] if rule["ports"][0]["port"] == 8000
    ]
    names = [
        each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in inward["from"]
    ]
    assert names == ["envoy-gateway-system", "traefik", "monitoring"]


def test_every_documented_setting_reaches_every_pod_of_an_overlay(overlays, tmp_path):
    copy = tmp_path / "kubernetes"
    shutil.copytree(overlays["copy"], copy)
    shutil.copytree(DEPLOY / "monitoring", tmp_path / "monitoring")
    overlay = copy / "overlays" / "production"
    secrets = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "CACHE_URL", "METRICS_TOKEN"}
    # HOST and PORT are the image's.
    names = settings_that_are_documented() - secrets - {"BASE_URL", "TRUSTED_PROXIES", "HOST", "PORT"}
    lines = "".join(f"      - {name}=of-{name.lower()}\n" for name in sorted(names))
    assert change(overlay / "kustomization.yaml", "    literals:\n", f"    literals:\n{lines}")
    documents = kustomize(overlay)
    given = {name: config["data"] for name, config in of_kind(documents, "ConfigMap").items()}
    for name, pod in pods(documents):
        [container] = pod["spec"]["containers"]
        [source] = container["envFrom"]
        data = given[source["configMapRef"]["name"]]
        assert {each for each in names if data.get(each) != f"of-{each.lower()}"} == set(), name
        assert {f"{each}_FILE" for each in secrets} | {"BASE_URL", "TRUSTED_PROXIES"} <= set(data), name
        # Nothing of the pod's own stands in the way of one.
        own = {entry["name"] for entry in container.get("env", ())}
        assert own <= {"TMPDIR"}, name


class SecondUpgradeTests:
    """A Job cannot be changed, so that each release has to have one of its own."""

    def test_each_release_has_a_migration_of_its_own(self, overlays, tmp_path):
        copy = tmp_path / "kubernetes"
        shutil.copytree(overlays["copy"], copy)
        shutil.copytree(DEPLOY / "monitoring", tmp_path / "monitoring")
        overlay = copy / "overlays" / "production" / "kustomization.yaml"
        assert change(overlay, "app.kubernetes.io/version: 0.2.0", "app.kubernetes.io/version: 0.2.1")
        assert change(overlay, "newTag: 0.2.0", "newTag: 0.2.1")
        names = [
            list(of_kind(documents, "Job"))
            for documents in (overlays["production"], kustomize(overlay.parent))
        ]
        assert names == [["sso-console-migrate-0.2.0"], ["sso-console-migrate-0.2.1"]]

    @pytest.mark.parametrize("way", ["production", "development"])
    def test_another_change_of_the_same_release_does_not_wait_long(self, overlays, way):
        [job] = of_kind(overlays[way], "Job").values()
        assert job["spec"]["ttlSecondsAfterFinished"] <= 600

    def test_nothing_that_is_selected_by_changes_with_the_release(self, overlays):
        for documents in (overlays["production"], overlays["development"]):
            for deployment in of_kind(documents, "Deployment").values():
                assert "app.kubernetes.io/version" not in deployment["spec"]["selector"]["matchLabels"]

    @pytest.mark.parametrize("changed", ["setting", "secret"])
    def test_another_setting_or_secret_starts_the_pods_again(self, overlays, tmp_path, changed):
        copy = tmp_path / "kubernetes"
        shutil.copytree(overlays["copy"], copy)
        shutil.copytree(DEPLOY / "monitoring", tmp_path / "monitoring")
        overlay = copy / "overlays" / "production"
        if changed == "setting":
            change(overlay / "kustomization.yaml", "10.244.0.0/16", "10.245.0.0/16")
        else:
            (overlay / "secrets" / "cache_url").unlink()
            (overlay / "secrets" / "cache_url").write_text("redis://elsewhere:6379/0")
        before, after = (
            [pod for _, pod in pods(each)] for each in (overlays["production"], kustomize(overlay))
        )
        assert len(before) == len(after) == 7
        assert not [pod for pod in after if pod in before]
        # The alarm's way in follows as well.
        if changed == "secret":
            [monitor] = of_kind(kustomize(overlay), "ServiceMonitor").values()
            named = monitor["spec"]["endpoints"][0]["authorization"]["credentials"]["name"]
            assert named in of_kind(kustomize(overlay), "Secret")


@pytest.mark.parametrize("way", ["production", "chart"])
def test_the_prometheus_operator_finds_the_servers_and_shows_the_token(built, way):
    documents = built[way]
    [monitor] = of_kind(documents, "ServiceMonitor").values()
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = [
        each
        for each in of_kind(documents, "Service").values()
        if wanted <= each["metadata"]["labels"].items()
    ]
    assert [service["metadata"]["name"] for service in services] == ["sso-console"]
    [endpoint] = monitor["spec"]["endpoints"]
    assert endpoint["port"] in [port["name"] for port in services[0]["spec"]["ports"]]
    assert endpoint["authorization"]["credentials"]["key"] == "metrics_token"
    [rule] = of_kind(documents, "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())
    dashboard = of_kind(documents, "ConfigMap")["sso-console-dashboard"]
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["sso-console.json"]) == json.loads(
        (DEPLOY / "monitoring" / "dashboard.json").read_text()
    )


def test_the_chart_and_the_manifests_say_the_same(built):
    """Two ways to write one thing: what a server pod is does not depend on which one somebody chose."""

    def essence(way):
        [pod] = [pod for name, pod in pods(built[way]) if name == "sso-console"]
        [container] = pod["spec"]["containers"]
        kept = ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "resources")
        kept += ("securityContext", "volumeMounts")
        spec = ("securityContext", "volumes", "terminationGracePeriodSeconds", "enableServiceLinks")
        found = {name: container[name] for name in kept} | {f"pod {name}": pod["spec"][name] for name in spec}
        found["pod volumes"][0]["secret"].pop("secretName")  # an overlay's has a hash
        return found

    assert essence("chart") == essence("production")
    schedules = [
        {name: job["spec"]["schedule"] for name, job in of_kind(built[way], "CronJob").items()}
        for way in ("chart", "production")
    ]
    assert schedules[0] == schedules[1]


RESOURCES = {
    "v1": ("Secret", "ConfigMap", "Service", "ServiceAccount", "PersistentVolumeClaim"),
    "apps/v1": ("Deployment",),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "batch/v1": ("CronJob", "Job"),
    "gateway.networking.k8s.io/v1": ("HTTPRoute",),
    "networking.k8s.io/v1": ("NetworkPolicy",),
    "policy/v1": ("PodDisruptionBudget",),
}


class Cluster(ThreadingHTTPServer):
    """As much of a cluster's API as helm asks to look an object up."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.objects = {}

    def hold(self, kind, name, **data):
        self.objects[f"/api/v1/namespaces/sso-console/{kind.lower()}s/{name}"] = {
            "apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "sso-console"}, "data": data,
        }  # fmt: skip

    def kubeconfig(self, path):
        cluster = {"server": f"http://127.0.0.1:{self.server_port}"}
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "clusters": [{"name": "here", "cluster": cluster}],
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": ""}}],
                }
            )
        )
        return path


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        groups = []
        known = {
            "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
        } | self.server.objects
        for group, kinds in RESOURCES.items():
            resources = [
                {"name": f"{kind.lower()}s", "kind": kind, "namespaced": True, "verbs": ["get"]}
                for kind in kinds
            ]
            path = "/api/v1" if group == "v1" else f"/apis/{group}"
            known[path] = {"kind": "APIResourceList", "groupVersion": group, "resources": resources}
            if group != "v1":
                version = {"groupVersion": group, "version": group.split("/")[1]}
                groups.append(
                    {"name": group.split("/")[0], "versions": [version], "preferredVersion": version}
                )
        found = known.get(urlsplit(self.path).path)
        failed = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": "NotFound",
            "code": 404,
        }
        body = json.dumps(found or failed).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def cluster():
    with Cluster() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_chart_starts_the_pods_again_when_a_secret_or_config_map_has_changed(cluster, tmp_path):
    config = cluster.kubeconfig(tmp_path / "config")
    options = ["--dry-run=server", "--disable-openapi-validation", "--kubeconfig", str(config)]
    options += ["--set", "extraEnvFrom[0].secretRef.name=mail,extraEnvFrom[1].configMapRef.name=more"]

    def checksum():
        [pod] = [pod for name, pod in pods(render(*options)) if name == "sso-console"]
        return pod["metadata"].get("annotations", {}).get("checksum/settings")

    seen = [checksum()]
    assert seen == [None]  # there is none of them yet
    for kind, name in (("Secret", "sso-console"), ("Secret", "mail"), ("ConfigMap", "more")):
        cluster.hold(kind, name, some="dGhpbmc=")
        seen.append(checksum())
    cluster.hold("Secret", "sso-console", some="dGhlbg==")
    seen.append(checksum())
    assert len(set(seen)) == 5
    assert checksum() == seen[-1]


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
            "extraEnv.EMAIL_URL=here",
            "extraEnvFrom[0].secret=here",
            "image.digest=sha256:abc",
            "backup.keep=0",
            "backup.schedule=daily",
            "gateway.parentRefs[0].nam=gateway",
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
        options = ["ingress", "gateway", "networkPolicy", "backup", "monitoring", "metrics"]
        rendered = render(*(f"--set={option}.enabled=false" for option in options))
        assert {document["kind"] for document in rendered} == KINDS - {
            "NetworkPolicy",
            "PersistentVolumeClaim",
        }
        for name, pod in pods(rendered):
            given = {entry["name"] for entry in pod["spec"]["containers"][0]["env"]}
            assert "METRICS_TOKEN_FILE" not in given, name

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

    def test_every_documented_setting_reaches_every_pod(self):
        """By a value of its own, by extraEnv, or, where it is a secret, as a file or by extraEnvFrom."""
        schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
        elsewhere = set(schema["extraEnv"]["propertyNames"]["not"]["enum"])
        free = settings_that_are_documented() - elsewhere
        assert len(free) >= 20
        options = [f"extraEnv.{name}=of-{name.lower()}" for name in sorted(free)]
        options += [
            "databasePooler=transaction",
            "trustedProxies=10.244.7.0/24",
            "extraEnvFrom[0].secretRef.name=mail",
        ]
        for name, pod in pods(render("--set-string", ",".join(options))):
            [container] = pod["spec"]["containers"]
            entries = {entry["name"]: entry["value"] for entry in container["env"]}
            assert len(entries) == len(container["env"]), name  # none of them twice
            assert {each for each in free if entries.get(each) != f"of-{each.lower()}"} == set(), name
            unset = {each for each in elsewhere if not {each, f"{each}_FILE"} & set(entries)}
            by_secret = {"EMAIL_URL", "WARNINGS_WEBHOOK_SECRET"}
            of_the_server = {"DRAIN_SECONDS", "BLOCKING_THREADS"} if name != "sso-console" else set()
            # DEBUG is never set here, HOST and PORT are the image's.
            assert unset == {"DEBUG", "HOST", "PORT"} | by_secret | of_the_server, name

    def test_so_do_those_of_other_secrets_and_config_maps(self):
        rendered = render(
            "--set", "extraEnvFrom[0].secretRef.name=mail,extraEnvFrom[1].configMapRef.name=more",
            "--set", "cache.existingSecret=redis,metrics.existingSecret=scraping,monitoring.enabled=true",
        )  # fmt: skip
        for name, pod in pods(rendered):
            [container] = pod["spec"]["containers"]
            assert container["envFrom"] == [
                {"secretRef": {"name": "mail"}},
                {"configMapRef": {"name": "more"}},
            ]
            entries = {entry["name"]: entry["value"] for entry in container["env"]}
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
            for variable, key, secret in (
                ("CACHE_URL_FILE", "cache_url", "redis"),
                ("METRICS_TOKEN_FILE", "metrics_token", "scraping"),
            ):
                folder = entries[variable].removesuffix(f"/{key}")
                assert volumes[mounts[folder]]["secret"]["secretName"] == secret, name
        [monitor] = of_kind(rendered, "ServiceMonitor").values()
        assert monitor["spec"]["endpoints"][0]["authorization"]["credentials"]["name"] == "scraping"

    def test_an_image_can_be_named_by_its_digest(self):
        digest = f"sha256:{'0a' * 32}"
        images = {
            pod["spec"]["containers"][0]["image"]
            for _, pod in pods(render("--set", f"image.digest={digest},image.tag=0.2.7"))
        }
        assert images == {f"sso-console:0.2.7@{digest}"}

    def test_backups_can_go_to_a_claim_that_is_there(self):
        rendered = render("--set", "backup.existingClaim=nas,backup.keep=3")
        assert not of_kind(rendered, "PersistentVolumeClaim")
        [pod] = [pod for name, pod in pods(rendered) if name == "sso-console-backup"]
        assert pod["spec"]["containers"][0]["args"][-1] == "3"
        assert {"name": "backups", "persistentVolumeClaim": {"claimName": "nas"}} in pod["spec"]["volumes"]

    def test_its_volume_outlives_the_release(self, chart):
        [claim] = of_kind(chart, "PersistentVolumeClaim").values()
        assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}

    def test_the_migration_stands_on_nothing_that_comes_after_it(self, chart):
        [job] = of_kind(chart, "Job").values()
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert "serviceAccountName" not in job["spec"]["template"]["spec"]
        assert "envFrom" not in job["spec"]["template"]["spec"]["containers"][0]
