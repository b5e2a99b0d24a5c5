"""The packages that are deployed: with and without those that trace, the same."""

import re

from tests.support.servers import ROOT


def pins(name):
    """Each package's version and its hashes; where it is wanted may differ."""
    text = (ROOT / name).read_text()
    blocks = re.findall(r"^(\S+==[^\\\n]+)((?:\\\n +--hash=\S+ ?)+)", text, re.MULTILINE)
    assert len(blocks) == len(re.findall(r"^[a-z0-9]\S*==", text, re.MULTILINE))
    return {line.split(" ;")[0].strip(): set(re.findall(r"--hash=(\S+)", hashes)) for line, hashes in blocks}


def test_what_traces_comes_on_top_of_the_same_packages():
    plain, traced = pins("requirements.txt"), pins("requirements-otel.txt")
    assert len(plain) > 25
    assert {line: hashes for line, hashes in plain.items() if traced.get(line) != hashes} == {}
    more = {line.split("==")[0] for line in set(traced) - set(plain)}
    assert {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= more
    assert not more & {line.split("==")[0] for line in plain}
