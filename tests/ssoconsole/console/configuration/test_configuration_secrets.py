"""A secret enters from the environment, a file or the text, and never comes out."""

import os

import pytest

from providers.models import Provider
from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens.models import Bot

pytestmark = pytest.mark.django_db

PROVIDER = (
    "providers:\n  - slug: corp\n    name: Corp\n    issuer: https://idp.example\n"
    "    client_id: c\n    client_secret: {}\n"
)


@pytest.fixture
def secret_file(tmp_path):
    def write(content):
        file = tmp_path / "secret"
        file.write_bytes(content)
        return f"{{file: {file}}}"

    return write


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b" a \n\n", " a \n"),
        (b"\xef\xbb\xbfs3cret\r\n", "s3cret"),
    ],
)
def test_a_trailing_newline_and_a_byte_order_mark_are_not_part_of_the_secret(
    apply, secret_file, content, secret
):
    assert apply(PROVIDER.format(secret_file(content))).code == 0
    assert Provider.objects.get().client_secret == secret


def test_a_file_may_be_as_large_as_a_secret(apply, secret_file):
    document = PROVIDER.format(secret_file(b"x" * 65_536))
    assert "larger" not in str(apply(document))
    assert "larger than 65536 bytes" in str(apply(PROVIDER.format(secret_file(b"x" * 65_537))))


def test_a_secret_may_stand_in_the_file_itself(apply):
    assert apply(PROVIDER.format("'{hunter2}'")).code == 0
    assert Provider.objects.get().client_secret == "{hunter2}"


REFUSED = {
    "an unset variable": ("{env: NOT_SET_ANYWHERE}", "the environment variable NOT_SET_ANYWHERE is not set"),
    "a secret in place of a name": ("{env: hunter2}", "the environment variable is not set"),
    "an empty variable": ("{env: EMPTY_SECRET}", "the environment variable EMPTY_SECRET is empty"),
    "a variable that is not text": (
        "{env: BROKEN_SECRET}",
        (
            "the environment variable BROKEN_SECRET holds a character that cannot be stored "
            "(NUL or half of a surrogate pair)"
        ),
    ),
    "a file that is not there": (
        "{file: /nowhere/hunter2}",
        "the file cannot be read: No such file or directory",
    ),
    "a directory": ("{file: /tmp}", "the file cannot be read: Is a directory"),
    "a device": ("{file: /dev/zero}", "the file cannot be read: it is no regular file"),
    "a relative path": ("{file: hunter2}", "the path of the file must be absolute"),
    "a path that no file can have": (
        '{file: "/a\\u0001\\u0100' + "b" * 300 + '"}',
        "the file cannot be read: File name too long",
    ),
    "an empty text": ("''", "the secret is empty"),
    "a number": ("12345678", "expected text, found a number; put it in quotes"),
    "a mapping by mistake": ("{hunter2}", "expected {env: NAME}, {file: /path} or text"),
    "both": ("{env: hunter2, file: hunter2}", "expected {env: NAME}, {file: /path} or text"),
    "a name that is no text": ("{env: [hunter2]}", "expected {env: NAME}, {file: /path} or text"),
    "a list": ("[hunter2]", "expected {env: NAME}, {file: /path} or text"),
    "the same key twice": ("{hunter2, hunter2}", "is given twice, first on line 6"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_secret_that_is_missing_is_told_without_it(apply, everything, monkeypatch, given, message):
    monkeypatch.setenv("EMPTY_SECRET", "")
    monkeypatch.setenv("BROKEN_SECRET", os.fsdecode(b"hunter2\xff"))
    before = everything()

    answer = apply(PROVIDER.replace("{}", given))

    assert answer.code == 1
    assert f"6: providers[0].client_secret: {message}" in answer.problems
    assert_without(answer.err, "hunter2")
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"\xff", "the file is not UTF-8 text"),
        (b"x" * 65_537, "the file is larger than 65536 bytes"),
    ],
)
def test_a_file_without_a_usable_secret_is_told(apply, secret_file, content, message):
    answer = apply(PROVIDER.format(secret_file(content)))

    assert answer.problems == [f"6: providers[0].client_secret: {message}"]


def test_a_pipe_that_nobody_writes_to_does_not_stop_the_command(apply, tmp_path):
    os.mkfifo(tmp_path / "pipe")

    answer = apply(PROVIDER.format(f"{{file: {tmp_path / 'pipe'}}}"))

    assert answer.problems == [
        "6: providers[0].client_secret: the file cannot be read: it is no regular file"
    ]


def test_no_secret_comes_out_anywhere(apply, contract, caplog, capsys):
    fresh = "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5"
    answers = [
        apply(contract, "--dry-run"),
        apply(contract),
        apply(contract.replace("{env: CORP_CLIENT_SECRET}", fresh)),
        apply(contract.replace("{env: INGESTION_SECRET}", fresh)),
        apply(contract.replace("{env: INGESTION_SECRET}", fresh + "\n    owner: [")),
        apply(contract.replace("{env: INGESTION_SECRET}", f"!{fresh}! x")),
        apply(contract.replace("{env: INGESTION_SECRET}", fresh[:20])),
    ]

    captured = capsys.readouterr()
    events = repr(list(Event.objects.values()))
    told = "".join([*(a.out + a.err for a in answers), caplog.text, captured.out, captured.err, events])
    assert "provider_created" in told
    for secret in (fresh, fresh[:20], os.environ["CORP_CLIENT_SECRET"], os.environ["INGESTION_SECRET"]):
        assert_without(told, secret)


def test_a_changed_secret_is_shown_as_changed(apply, contract):
    apply(contract)

    answer = apply(contract.replace("{env: CORP_CLIENT_SECRET}", "another"))

    assert answer.out.splitlines()[:2] == ["~ provider corp", "    ~ client_secret  (secret) changed"]
    assert Provider.objects.get().client_secret == "another"


def test_a_new_secret_of_a_bot_leaves_the_old_one_for_the_change_over(apply, contract, line_of):
    apply(contract)

    answer = apply(contract.replace("{env: INGESTION_SECRET}", "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5"))

    stay = "client secrets that the bot had before stay valid until they are retired: 1"
    assert answer.problems == [f"{line_of('- name: ingestion-bot')}: bots[0]: warning: {stay}"]
    assert Bot.objects.get().credentials.client_secrets().count() == 2


def test_a_secret_of_a_bot_is_the_same_under_a_newer_key(apply, contract, settings):
    apply(contract)
    settings.FIELD_ENCRYPTION_KEYS = ["B" * 42 + "A", *settings.FIELD_ENCRYPTION_KEYS]

    answer = apply(contract)

    assert (answer.code, answer.problems) == (0, [])
    assert " 0 created, 0 changed, " in f" {answer.summary}"
    assert Bot.objects.get().credentials.client_secrets().count() == 1


def test_a_weak_secret_of_a_bot_is_refused_at_its_key(apply, contract, line_of):
    answer = apply(contract.replace("{env: INGESTION_SECRET}", "hunter2"))

    assert [line.split(": ")[:2] for line in answer.problems] == [
        [line_of("INGESTION_SECRET"), "bots[0].client_secret"]
    ]
    assert_without(answer.err, "hunter2")


def test_a_secret_that_the_key_ring_no_longer_opens_is_repaired(apply, contract, settings):
    apply(contract)
    settings.FIELD_ENCRYPTION_KEYS = ["bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE"]

    answer = apply(contract.split("\naudiences:")[0])

    assert answer.summary == "0 created, 1 changed, 0 unchanged, 0 disabled", answer.err
    assert Provider.objects.get().client_secret == os.environ["CORP_CLIENT_SECRET"]


def test_a_private_key_among_a_bot_s_keys_is_refused_and_not_told(apply, everything):
    private = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    key = f"{{kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo, d: {private}}}"
    before = everything()

    answer = apply(f"bots:\n  - name: b\n    jwks: {{keys: [{key}]}}\n")

    assert [line.split(": ")[:2] for line in answer.problems] == [["3", "bots[0].jwks"]]
    assert_without(answer.err, private)
    assert everything() == before
