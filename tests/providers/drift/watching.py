"""Running the watch as cron does, and reading what it says."""

import json
from io import StringIO

from django.core.management import call_command


class Watch:
    def __init__(self, status, text):
        self.status = status
        self.document = json.loads(text)

    def of(self, slug="corp"):
        return next(each for each in self.document["providers"] if each["provider"] == slug)

    def codes(self, slug="corp"):
        return [found["code"] for found in self.of(slug)["findings"]]

    def finding(self, code, slug="corp"):
        return next(found for found in self.of(slug)["findings"] if found["code"] == code)


def watch():
    status, text = run("--json", "--exit-code")
    return Watch(status, text)


def run(*options):
    out = StringIO()
    try:
        call_command("watch_providers", *options, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()
