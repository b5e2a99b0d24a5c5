"""The export's command: to standard output or into a directory, and what it refuses."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.providers.openmetadata.conftest import SECRET, exported, linted, registration, run
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("target", ["docker", "kubernetes", "bare-metal"])
def test_without_a_directory_the_files_are_printed_with_their_names(target, corp, tmp_path):
    files = exported(tmp_path, target)
    out, _ = run("openmetadata_config", "corp", target=target)
    for name, text in files.items():
        assert f"# {name}\n{text}" in out
    assert_without(out, SECRET)


def test_files_are_readable_to_their_owner_alone_and_replaced_as_a_whole(corp, tmp_path):
    exported(tmp_path / "new" / "directory", "docker")
    again = exported(tmp_path / "new" / "directory", "docker", server_url="https://metadata.example")
    assert "https://metadata.example/callback" in again["openmetadata_oidc.env"]
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "directory").iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("slug", "options", "told"),
    [
        ("other", {}, "no such provider"),
        ("corp", {"server_url": "metadata.example"}, "no origin"),
        ("corp", {"key_id": "c8ec220c-be7d-4e47-97c7-098bf6a57ce1"}, "demonstration"),
        ("corp", {"out": "/dev/null/x"}, "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_refused(corp, slug, options, told):
    with pytest.raises(CommandError, match=told):
        call_command("openmetadata_config", slug, target="docker", stdout=io.StringIO(), **options)


def test_plain_http_is_refused_outside_of_development(corp, settings):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    with pytest.raises(CommandError, match="plain http"):
        call_command("openmetadata_config", "corp", target="docker", server_url="http://metadata.example")


def test_outside_of_development_a_local_address_of_the_console_is_a_finding(corp, settings, tmp_path):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    exported(tmp_path, "docker")
    assert [item["code"] for item in linted(tmp_path / "openmetadata_oidc.env")] == ["jwks_local"]


def test_a_key_id_that_is_made_for_an_export_says_that_it_must_be_kept(corp, tmp_path):
    text = exported(tmp_path, "bare-metal", jwt_keys="/keys")["openmetadata.yaml"]
    assert "Keep it: with another one, every token issued before is dead." in text
    assert linted(*tmp_path.iterdir()) == []


def test_what_nobody_has_named_is_to_be_filled_in(tmp_path):
    registration(
        admin_principals=[],
        allowed_email_domains=[],
        discovery=None,
        signing_algs=["EdDSA", "PS256"],
        token_endpoint_auth_method="private_key_jwt",
        mapping={"email": "https://corp.example/email"},
    )
    text = exported(tmp_path, "docker")["openmetadata_oidc.env"]
    lines = text.splitlines()
    for name in (
        "AUTHORIZER_ADMIN_PRINCIPALS",
        "AUTHORIZER_PRINCIPAL_DOMAIN",
        "AUTHENTICATION_PUBLIC_KEYS",
        "AUTHENTICATION_CALLBACK_URL",
        "OIDC_CLIENT_SECRET",
        "OIDC_CLIENT_AUTH_METHOD",
        "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM",
    ):
        (number,) = [number for number, line in enumerate(lines) if line.startswith(f"{name}=")]
        assert lines[number - 1].startswith("# Fill in: "), name
    assert "Not carried over" in text
    assert "MAPPING" not in text


def test_an_administrator_called_admin_is_to_be_renamed(tmp_path):
    registration(admin_principals=["admin@corp.example"])
    assert "# Fill in: another name than admin" in exported(tmp_path, "docker")["openmetadata_oidc.env"]
