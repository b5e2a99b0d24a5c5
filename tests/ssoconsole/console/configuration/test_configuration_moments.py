"""The end of a provider's client secret in the file: a day, or a moment with its time zone."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from providers.models import Provider

pytestmark = pytest.mark.django_db

TEXT = """providers:
  - slug: corp
    name: Corp
    issuer: https://idp.example
    client_id: c
    client_secret: {env: CORP_CLIENT_SECRET}
"""


def with_end(value):
    return f"{TEXT}    client_secret_expires_at: {value}\n"


def stored():
    return Provider.objects.get().client_secret_expires_at


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ('"2027-01-31"', datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00+02:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
        ("null", None),
    ],
)
def test_what_is_written_is_kept_and_written_again(apply, capsys, written, meant):
    assert apply(with_end(written)).code == 0
    assert stored() == meant
    assert apply(with_end(written)).out.startswith("Nothing to change.")
    call_command("export")
    exported = capsys.readouterr().out
    assert ("client_secret_expires_at" in exported) is (meant is not None)
    assert apply(exported).out.startswith("Nothing to change.")


def test_a_file_without_it_leaves_it_alone_and_null_forgets_it(apply):
    apply(with_end("2027-01-31"))
    apply(TEXT)
    assert stored() == datetime(2027, 1, 31, tzinfo=UTC)
    answer = apply(with_end("null"))
    assert "client_secret_expires_at" in answer.out
    assert stored() is None


@pytest.mark.parametrize(
    "written",
    ["2027-01-31T12:00:00", "2027-02-30", "tomorrow", "20270131", "[]", "true", '"0001-01-01T00:00+23:00"'],
)
def test_anything_else_is_refused_with_its_place(apply, written):
    answer = apply(with_end(written))
    assert answer.code == 1
    (problem,) = answer.problems
    assert problem.startswith("7: providers[0].client_secret_expires_at: expected a day or a moment")
    assert not Provider.objects.exists()
