"""The pages and the API about OpenMetadata: for administrators, without secrets, and nothing is kept."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.conf import settings

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.openmetadata.conftest import SECRET, registration
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot

pytestmark = pytest.mark.django_db
LINT = "/admin/providers/provider/openmetadata/lint"
API_LINT = "/api/v1/openmetadata/lint"
FILE = f"AUTHENTICATION_PROVIDR=custom-oidc\nOIDC_CLIENT_SECRET={SECRET}\nOIDC_CLIENT_SECERT={SECRET}\n"


def page(provider):
    return f"/admin/providers/provider/{provider.pk}/openmetadata"


def api(provider, query):
    return f"/api/v1/providers/{provider.slug}/openmetadata?{query}"


def files_on(response):
    found = re.findall(
        r"<textarea id=\"file-\d\"[^>]*>(.*?)</textarea>", response.content.decode(), re.DOTALL
    )
    return [unescape(text) for text in found]


@pytest.mark.parametrize(
    ("target", "count", "told"),
    [
        ("docker", 2, "AUTHENTICATION_PROVIDER=custom-oidc"),
        ("kubernetes", 2, "secretRef"),
        ("bare-metal", 1, "authenticationConfiguration:"),
    ],
)
def test_each_tab_has_its_files_and_no_secret(bob, corp, target, count, told):
    response = bob.get(page(corp), {"target": target, "server_url": "https://metadata.example"})
    files = files_on(response)
    assert len(files) == count
    assert told in files[0]
    assert "https://metadata.example/callback" in files[0]
    assert response.content.decode().count("data-copy=") == count
    assert_without(response.content.decode(), SECRET)
    assert "no-store" in response["Cache-Control"]
    current = re.findall(r'<a href="\?([^"]*)" aria-current="page">', response.content.decode())
    assert len(current) == 1
    assert f"target={target}" in current[0]


def test_a_file_is_downloaded_as_it_is_shown(bob, corp):
    shown = files_on(bob.get(page(corp)))[0]
    response = bob.get(page(corp), {"file": "openmetadata_oidc.env"})
    assert response.content.decode().strip() == shown.strip()
    assert response["Content-Disposition"] == 'attachment; filename="openmetadata_oidc.env"'
    assert bob.get(page(corp), {"file": "../.env"}).status_code == 404


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"server_url": "https://metadata.example/path"}, "no origin"),
        ({"server_url": "javascript:alert(1)"}, "no origin"),
        ({"key_id": "Gb389a-9f76-gdjs-a92j-0242bk94356"}, "demonstration"),
        ({"key_id": "a b\nJWT_ISSUER=x"}, "key id cannot be used"),
        ({"jwt_keys": "keys:/etc"}, "directory of the keys cannot"),
        ({"jwt_keys": "keys", "target": "bare-metal"}, "relative"),
        ({"server_url": "x" * 501}, "at most 500"),
    ],
)
def test_what_cannot_be_exported_is_told_beside_the_form(bob, corp, options, told):
    response = bob.get(page(corp), options)
    assert response.status_code == 200
    assert told in response.content.decode()
    assert files_on(response) == []
    if "x" * 501 not in options.values():
        answer = bob.get(api(corp, ""), {"target": "docker", **options})
        assert answer.status_code == 400
        assert answer.json()["code"] == "export_refused"


def test_the_admin_links_to_both_pages(bob, corp):
    assert page(corp) in bob.get(f"/admin/providers/provider/{corp.pk}/change/").content.decode()
    assert LINT in bob.get("/admin/providers/provider/").content.decode()


def test_who_may_not_see_providers_sees_neither(mallory, corp):
    assert mallory.get(page(corp)).status_code == 403
    assert mallory.get(LINT).status_code == 403
    assert mallory.post(LINT, {"content": FILE}).status_code == 403


def test_a_stranger_is_sent_to_sign_in(client, corp):
    assert client.get(page(corp)).status_code == 302
    assert client.get(LINT).status_code == 302


def test_a_pasted_file_is_looked_at_and_forgotten(bob, caplog):
    before = Event.objects.count()
    response = bob.post(LINT, {"content": FILE, "file": "om.env"})
    text = response.content.decode()
    assert "om.env, line 1" in text
    assert "AUTHENTICATION_PROVIDER=custom-oidc" in unescape(text)
    assert_without(text, SECRET)
    assert_without(caplog.text, SECRET)
    assert Event.objects.count() == before
    assert "no-store" in response["Cache-Control"]


def test_a_clean_file_is_called_so(bob):
    assert "Nothing to put right" in bob.post(LINT, {"content": "FERNET_KEY=of-my-own"}).content.decode()


@pytest.mark.parametrize("content", ["", "A" * 262_145])
def test_nothing_and_too_much_are_refused_without_being_shown(bob, content):
    response = bob.post(LINT, {"content": content})
    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert_without(response.content, "A" * 100)


def test_the_api_answers_the_same_files(bob, corp):
    answer = bob.get(api(corp, "target=docker&server_url=https://metadata.example"))
    body = answer.json()
    assert (body["provider"], body["target"]) == ("corp", "docker")
    assert [file["name"] for file in body["files"]] == [
        "openmetadata_oidc.env",
        "docker-compose.override.yml",
    ]
    assert_without(answer.content.decode(), SECRET)
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "target=cloud"])
def test_the_api_wants_a_target_that_there_is(bob, corp, query):
    assert bob.get(api(corp, query)).status_code == 400


def test_the_api_knows_no_other_provider(bob, corp):
    assert bob.get("/api/v1/providers/other/openmetadata?target=docker").status_code == 404


def test_the_api_answers_findings_in_the_shape_of_the_command(bob):
    answer = bob.post(API_LINT, {"content": FILE, "file": "om.env"}, content_type="application/json")
    assert answer.status_code == 200
    first = answer.json()[0]
    assert first.keys() == {"file", "line", "code", "message", "fix"}
    assert (first["file"], first["line"], first["code"]) == ("om.env", 1, "unknown_key")
    assert_without(answer.content.decode(), SECRET)


@pytest.mark.parametrize(
    "body", [{}, {"content": 7, "file": []}, {"content": "A" * 1_048_577}, {"content": "", "more": 1}, []]
)
def test_the_api_refuses_another_body(bob, body):
    assert bob.post(API_LINT, body, content_type="application/json").status_code == 400


def test_a_bot_that_may_read_asks_the_api(client, corp):
    by = Actor.command("test")
    console = Audience.objects.get(identifier=f"{settings.BASE_URL}/api/v1")
    reader = save_bot(bot=Bot(name="reader"), grants=[GrantSpec(console, ["console.read"])], by=by)
    _, secret = add_client_secret(bot=reader, by=by)
    form = urlencode({"grant_type": "client_credentials", "client_id": "reader", "client_secret": secret})
    answer = client.post("/oauth/token", form, content_type="application/x-www-form-urlencoded").json()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {answer['access_token']}"}
    assert client.get(api(corp, "target=docker"), **bearer).status_code == 200
    body = {"content": FILE}
    assert client.post(API_LINT, body, content_type="application/json", **bearer).status_code == 200


def test_to_strangers_the_api_does_not_exist(client, mallory, corp):
    assert client.get(api(corp, "target=docker")).status_code in (401, 404)
    assert mallory.get(api(corp, "target=docker")).status_code == 404
    assert mallory.post(API_LINT, {"content": ""}, content_type="application/json").status_code == 404


def test_a_provider_with_an_odd_name_is_shown_as_text(bob):
    odd = registration(name="<script>alert(1)</script>")
    text = bob.get(page(odd), {"target": "bare-metal"}).content.decode()
    assert "<script>alert" not in text
