"""As much of a cluster as the documentation asks for; what is applied is rendered by kubectl and helm themselves."""

import argparse
import base64
import json

import yaml

from tests.deploy.custom_resources import is_custom
from tests.deploy.stories.containers import Container
from tests.deploy.tools import run, tool

# What has to be there before what refers to it.
ORDER = ["Secret", "ConfigMap", "PersistentVolumeClaim", "CronJob", "Job", "Deployment"]


class Cluster:
    """
    `kubectl` and `helm` answer the words of these programs. One pod stands for all of a deployment's.

    `images` are folders by what images are called. A Job runs to its end when it is applied, before the deployments of
    the same manifest. `jobs` are those that have run, each with how many pods served and which schedules were on.
    """

    def __init__(self, folder, checkout, images):
        self.folder, self._checkout, self._images = folder, checkout, images
        self.objects, self.pods, self.jobs, self._values = {}, {}, [], []

    def helm(self, words, text):
        parser = argparse.ArgumentParser(prog="helm")
        for option in ("--install", "--reuse-values", "--no-hooks"):
            parser.add_argument(option, action="store_true")
        for option in ("--set", "--set-string"):
            parser.add_argument(option, action="append", default=[])
        parser.add_argument("--namespace")
        for word in ("verb", "release", "chart"):
            parser.add_argument(word)
        asked = parser.parse_args(words)
        assert asked.verb == "upgrade"
        given = [f"--set={value}" for value in asked.set] + [
            f"--set-string={value}" for value in asked.set_string
        ]
        self._values = [*(self._values if asked.reuse_values else ()), *given]
        template = [tool("helm"), "template", asked.release, asked.chart, "--namespace", asked.namespace]
        rendered = run(*template, *self._values, cwd=self._checkout)
        documents = [each for each in yaml.safe_load_all(rendered) if each]
        hooks = [each for each in documents if "helm.sh/hook" in each["metadata"].get("annotations", {})]
        for hook in () if asked.no_hooks else hooks:
            self.objects.pop((hook["kind"], hook["metadata"]["name"]), None)  # before-hook-creation
            self.apply([hook])
        self.apply([each for each in documents if each not in hooks])
        return ""

    def kubectl(self, words, text):
        if "--local" in words:  # which asks no cluster
            return run(tool("kubectl"), *words, input=text)
        parser = argparse.ArgumentParser(prog="kubectl")
        for option in (
            "--namespace",
            "--from",
            "--dry-run",
            "--output",
            "--for",
            "--timeout",
            "--selector",
            "--patch",
        ):
            parser.add_argument(option)
        parser.add_argument("--from-file")
        parser.add_argument("-k", "--kustomize")
        parser.add_argument("--filename")
        parser.add_argument("--replicas", type=int)
        parser.add_argument("--stdin", action="store_true")
        parser.add_argument("verb")
        parser.add_argument("named", nargs="*")
        end = words.index("--") if "--" in words else len(words)
        asked = parser.parse_intermixed_args(words[:end])
        asked.inside, asked.text = words[end + 1 :], text
        return getattr(self, f"_{asked.verb}")(asked) or ""

    def _apply(self, asked):
        if asked.kustomize:
            asked.text = run(tool("kubectl"), "kustomize", asked.kustomize, cwd=self._checkout)
        else:
            assert asked.filename == "-"
        self.apply([each for each in yaml.safe_load_all(asked.text) if each])

    def _create(self, asked):
        if asked.named[:2] == ["secret", "generic"]:
            files = sorted((self._checkout / asked.from_file).iterdir())
            data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in files}
            self.apply(
                [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": asked.named[2]}, "data": data}]
            )
            return None
        kind, name = asked.named
        source = getattr(asked, "from").removeprefix("cronjob/")
        assert kind == "job"
        template = self.objects["CronJob", source]["spec"]["jobTemplate"]
        metadata = template.get("metadata", {}) | {"name": name}
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
        return json.dumps(job) if asked.dry_run else self.apply([job])

    def _delete(self, asked):
        assert asked.named == ["job"]
        label, value = asked.selector.split("=")
        for key, each in list(self.objects.items()):
            if key[0] == "Job" and each["spec"]["template"]["metadata"]["labels"].get(label) == value:
                del self.objects[key]

    def _exec(self, asked):
        return self.pods[asked.named[0].removeprefix("deployment/")].run(
            asked.inside, entrypoint=[], text=asked.text
        )

    def _get(self, asked):
        assert asked.named == ["cronjobs"]
        return "".join(f"cronjob.batch/{name}\n" for kind, name in self.objects if kind == "CronJob")

    def _patch(self, asked):
        name = asked.named[0].removeprefix("cronjob.batch/")
        self.objects["CronJob", name]["spec"] |= json.loads(asked.patch)["spec"]

    def _scale(self, asked):
        name = asked.named[0].removeprefix("deployment/")
        if not asked.replicas:
            self.pods.pop(name).stop()
        elif name not in self.pods:
            self._roll_out(self.objects["Deployment", name])

    def _wait(self, asked):
        assert ("Job", asked.named[0].removeprefix("job/")) in self.objects  # and has run to its end

    def apply(self, documents):
        self._validate([each for each in documents if not is_custom(each)])
        ours = [each for each in documents if each["kind"] in ORDER]
        for document in sorted(ours, key=lambda each: ORDER.index(each["kind"])):
            key = document["kind"], document["metadata"]["name"]
            before = self.objects.get(key, {}).get("spec")
            if key[0] == "Job" and before:
                assert before == document["spec"], f"{key}: field is immutable"
                continue
            self.objects[key] = document
            if key[0] == "Job":
                on = [each for (kind, _), each in self.objects.items() if kind == "CronJob"]
                schedules = [each for each in on if not each["spec"].get("suspend")]
                [container] = document["spec"]["template"]["spec"]["containers"]
                self.jobs.append((container["args"][0], len(self.pods), len(schedules)))
                self._container(document["spec"]["template"]["spec"]).run(container["args"])
            if key[0] == "Deployment" and before != document["spec"]:
                self._roll_out(document)

    def _validate(self, documents):
        path = self.folder / "applied.yaml"
        path.write_text(yaml.safe_dump_all(documents))
        run(tool("kubernetes-validate"), "--strict", "-k", "1.35", str(path))

    def _roll_out(self, deployment):
        """The new one is ready before the old one leaves."""
        name, spec = deployment["metadata"]["name"], deployment["spec"]["template"]["spec"]
        pod = self._container(spec)
        before, self.pods[name] = self.pods.get(name), pod
        pod.start(spec["containers"][0]["args"], self.folder / f"{name}-{pod.port}.log")
        pod.wait_until_ready()
        if before:
            before.stop()

    def _container(self, spec):
        [container] = spec["containers"]
        environment = {}
        for source in container.get("envFrom", ()):
            environment |= self.objects["ConfigMap", source["configMapRef"]["name"]]["data"]
        environment |= {entry["name"]: entry["value"] for entry in container.get("env", ())}
        volumes = {volume["name"]: self._volume(volume) for volume in spec["volumes"]}
        mounts = {each["mountPath"]: volumes[each["name"]] for each in container["volumeMounts"]}
        return Container(self._images[container["image"].rpartition(":")[2]], environment, mounts)

    def _volume(self, volume):
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            assert ("PersistentVolumeClaim", name) in self.objects
        else:
            name = volume.get("secret", {}).get("secretName", volume["name"])
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        if "secret" in volume:
            for key, value in self.objects["Secret", name]["data"].items():
                (folder / key).write_bytes(base64.b64decode(value))
        return folder

    def end(self):
        for pod in self.pods.values():
            pod.stop()
