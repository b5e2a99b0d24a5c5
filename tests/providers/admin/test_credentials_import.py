"""A provider's download fills the form; it never overrules what was typed, and its secret never comes back."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from providers.models import Provider
from ssoconsole.platform.eventlog.models import Event
from tests.providers.admin.test_provider_admin import ADD, errors_in, messages_in, page_of
from tests.providers.registrations import provider_events
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "GOCSPX-not-to-be-seen"
OURS = "http://localhost:8000/callback/corp"


@pytest.fixture
def plain(scripted_provider):
    """The same client in one flat object."""
    return {"client_id": "from-the-file", "client_secret": SECRET, "issuer": scripted_provider.issuer}


@pytest.fixture
def empty(form):
    """The form without anything that credentials could name."""
    return form | {"client_id": "", "client_secret": "", "issuer": ""}


@pytest.fixture
def add(bob, empty):
    """Send the form with credentials pasted into it."""

    def add(credentials, **typed):
        text = credentials if isinstance(credentials, str) else json.dumps(credentials)
        return bob.post(ADD, empty | {"credentials_json": text} | typed, follow=True)

    return add


def assert_refused(response, *fields):
    assert response.status_code == 200
    assert set(errors_in(response)) == set(fields)
    assert_without(response.content.decode(), SECRET)
    assert not Provider.objects.exists()
    assert not provider_events().exists()


class FillingTests:
    def test_empty_fields_are_filled(self, add, plain, scripted_provider):
        response = add(plain)
        provider = Provider.objects.get()
        assert (provider.client_id, provider.client_secret) == ("from-the-file", SECRET)
        assert provider.issuer == scripted_provider.issuer
        assert provider.token_endpoint_auth_method == "client_secret_basic"
        assert not any("redirect URI" in message for message in messages_in(response))

    def test_a_file_will_do_as_well(self, bob, empty, plain):
        upload = SimpleUploadedFile("client.json", json.dumps(plain).encode())
        bob.post(ADD, empty | {"credentials_file": upload})
        assert Provider.objects.get().client_secret == SECRET

    def test_keycloaks_public_client_comes_without_a_secret(self, add, scripted_provider):
        adapter = {"auth-server-url": scripted_provider.issuer, "realm": "corp", "resource": "spa"}
        response = add(adapter | {"public-client": True})
        # That realm is not there; what counts is where the console looked, and how the client would be known.
        form = response.context["adminform"].form
        assert form["issuer"].value() == f"{scripted_provider.issuer}/realms/corp"
        assert form["token_endpoint_auth_method"].value() == "none"
        assert form["client_id"].value() == "spa"

    def test_what_was_typed_and_says_the_same_is_no_contradiction(self, add, plain):
        add(plain, client_id="from-the-file", client_secret=SECRET, issuer=plain["issuer"])
        assert Provider.objects.get().client_id == "from-the-file"

    def test_a_value_from_before_is_replaced(self, bob, form, plain, corp):
        typed = form | {"client_secret": "", "credentials_json": json.dumps(plain), "anyway": "on"}
        bob.post(page_of(corp), typed)
        corp.refresh_from_db()
        assert (corp.client_id, corp.client_secret) == ("from-the-file", SECRET)

    def test_the_secret_is_in_no_event_and_on_no_page(self, add, bob, plain):
        response = add(plain)
        page = bob.get(page_of(Provider.objects.get()))
        assert_without(response.content.decode() + page.content.decode(), SECRET)
        events = Event.objects.values_list("before", "after")
        assert_without(str(list(events)), SECRET)


class RedirectUriTests:
    @pytest.mark.parametrize("known", [[OURS], ["https://a.example", OURS], ["http://localhost:8000/*"]])
    def test_ours_among_them_is_fine(self, add, plain, known):
        assert not any("redirect URIs" in text for text in messages_in(add(plain | {"redirect_uris": known})))

    @pytest.mark.parametrize("known", [[], ["https://a.example/callback"], [OURS + "/"], ["*.example"]])
    def test_ours_not_among_them_is_a_warning_with_the_value(self, add, plain, known):
        warnings = messages_in(add(plain | {"redirect_uris": known}))
        assert any(f"do not have {OURS}" in text for text in warnings)
        assert Provider.objects.exists()

    def test_a_desktop_client_is_warned_of(self, add, scripted_provider):
        file = {"installed": {"client_id": "desktop", "client_secret": SECRET}}
        warnings = messages_in(add(file, issuer=scripted_provider.issuer))
        assert any("desktop client" in text for text in warnings)


class RefusingTests:
    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"client_id": "another"}, "client_id"),
            ({"client_secret": "another-secret"}, "client_secret"),
            ({"issuer": "https://other.example"}, "issuer"),
            ({"token_endpoint_auth_method": "none"}, "token_endpoint_auth_method"),
        ],
    )
    def test_what_was_typed_is_never_overruled(self, add, plain, typed, field):
        response = add(plain, **{"client_id": "from-the-file", "issuer": plain["issuer"]} | typed)
        assert field in errors_in(response)
        assert "redentials" in str(errors_in(response)[field])
        assert_refused(response, *errors_in(response))

    @pytest.mark.parametrize(
        "text",
        [
            f'{{"client_secret": "{SECRET}"}}',
            f'{{"client_id": "a", "client_secret": "{SECRET}"',
            "[]",
            "x" * 70000,
        ],
    )
    def test_what_cannot_be_used_is_refused_at_the_field(self, add, text):
        assert "credentials_json" in errors_in(add(text))
        assert_refused(
            add(text, client_id="a", client_secret="b", issuer="https://a.example"), "credentials_json"
        )

    @pytest.mark.parametrize("content", [b"", b"\x89PNG", b'{"type": "service_account"}', b" " * 70000])
    def test_a_file_that_is_something_else_is_refused_at_its_field(self, bob, form, content):
        upload = SimpleUploadedFile("client.json", content)
        assert_refused(bob.post(ADD, form | {"credentials_file": upload}), "credentials_file")

    def test_pasted_and_uploaded_is_one_too_many(self, bob, form, plain):
        upload = SimpleUploadedFile("client.json", json.dumps(plain).encode())
        typed = form | {"credentials_file": upload, "credentials_json": json.dumps(plain)}
        assert_refused(bob.post(ADD, typed), "credentials_file")

    def test_after_another_mistake_the_page_has_the_rest_but_no_secret(self, add, plain):
        response = add(plain, name="")
        page = response.content.decode()
        assert_refused(response, "name")
        assert 'value="from-the-file"' in page
        assert page.count("from-the-file") == 1
