"""docs/warnings.md has every kind and every setting, and its verifier accepts what the console sends."""

import hmac
import re
import time
from pathlib import Path

import pytest
from django.conf import settings

from ssoconsole.console.expiry.endings import KINDS
from ssoconsole.console.expiry.webhook import sign


@pytest.fixture
def text():
    return (Path(settings.BASE_DIR) / "docs" / "warnings.md").read_text()


def test_every_kind_is_in_the_table(text):
    section = text.partition("## What ends")[2].partition("**In the admin**")[0]
    assert re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE) == list(KINDS)


def test_every_setting_is_there_and_among_the_settings(text):
    table = (Path(settings.BASE_DIR) / "docs" / "settings.md").read_text()
    for name in (
        "EMAIL_URL",
        "WARNINGS_EMAIL",
        "WARNINGS_FROM",
        "WARNINGS_WEBHOOK_URL",
        "WARNINGS_WEBHOOK_SECRET",
    ):
        assert f"| `{name}` |" in text
        assert f"| `{name}` |" in table


def test_the_example_of_a_receiver_tells_right_from_wrong(text):
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    body, secret, now = b'{"type": "ending_soon"}', "s" * 32, int(time.time())

    def judge(header, body=body):
        exec(code, {"re": re, "hmac": hmac, "time": time, "header": header, "body": body, "secret": secret})

    judge(sign(body, secret=secret, at=now))
    for header, received in [
        (sign(body, secret=secret + "x", at=now), body),
        (sign(body, secret=secret, at=now), body + b" "),
        (sign(body, secret=secret, at=now - 400), body),
    ]:
        with pytest.raises(AssertionError):
            judge(header, received)
