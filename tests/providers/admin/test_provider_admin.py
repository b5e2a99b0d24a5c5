"""Administrators register providers; the form, the rules and the metadata answer at the right field."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from providers.models import Identity, Provider
from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import provider_events
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"
ADD = LIST + "add/"
SECRET = "s3cret-of-the-form"


def page_of(provider):
    return f"{LIST}{provider.pk}/change/"


def errors_in(response):
    return response.context["adminform"].form.errors


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


class RegisteringTests:
    def test_a_registration_is_saved_as_typed(self, bob, form, scripted_provider):
        response = bob.post(ADD, form, follow=True)
        provider = Provider.objects.get()
        assert messages_in(response)[0].startswith("The issuer is plain http")
        assert provider.discovery == scripted_provider.metadata()
        assert provider.client_secret == SECRET
        assert (provider.scopes, provider.signing_algs) == (["openid", "email"], ["RS256"])
        assert provider.allowed_email_domains == ["corp.example", "b.example"]
        assert provider.mapping == {"email": "email", "groups": "realm_access.roles"}
        assert provider.group_rules == [{"claim_value": "urn:a", "group": "b => Data admins"}]
        assert provider.extra_params == {"hd": "corp.example"}
        assert (provider.max_age, provider.prompt) == (None, "")
        assert len(scripted_provider.requests_to("discovery")) == 1
        assert provider_events().filter(action="provider_created", actor="user:bob").exists()

    def test_json_can_be_pasted(self, bob, form):
        form |= {
            "scopes": '["openid", "groups"]',
            "mapping": '{"email": "mail"}',
            "group_rules": '[{"claim_value": "a", "group": "A"}]',
        }
        bob.post(ADD, form)
        provider = Provider.objects.get()
        assert provider.scopes == ["openid", "groups"]
        assert provider.mapping == {"email": "mail"}
        assert provider.group_rules == [{"claim_value": "a", "group": "A"}]

    def test_a_onelogin_subdomain_is_enough(self, bob, form, monkeypatch, scripted_provider):
        monkeypatch.setattr("providers.metadata.outgoing.fetch_document", unreachable)
        form |= {"kind": "onelogin", "subdomain": "acme", "issuer": "", "client_secret": ""}
        form |= {"token_endpoint_auth_method": "none"}
        response = bob.post(ADD, form, follow=True)
        assert Provider.objects.get().issuer == "https://acme.onelogin.com/oidc/2"
        assert "fetched at the first sign-in" in messages_in(response)[0]

    def test_the_usual_values_of_a_kind_are_a_link_away(self, bob):
        empty = bob.get(ADD).content.decode()
        assert 'href="?kind=onelogin"' in empty
        page = bob.get(ADD, {"kind": "onelogin"})
        initial = page.context["adminform"].form.initial
        assert (initial["kind"], initial["token_endpoint_auth_method"]) == ("onelogin", "none")
        assert bob.get(ADD, {"kind": "saml"}).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"issuer": ""}, "issuer"),
            ({"issuer": "https://idp.example?x"}, "issuer"),
            ({"slug": "Corp SSO"}, "slug"),
            ({"kind": "saml"}, "kind"),
            ({"client_secret": ""}, "client_secret"),
            ({"remove_client_secret": "on"}, "remove_client_secret"),
            ({"scopes": "email"}, "scopes"),
            ({"scopes": "[openid"}, "scopes"),
            ({"signing_algs": "RS256\nHS256", "client_secret": "s" * 32}, "signing_algs"),
            ({"mapping": "email"}, "mapping"),
            ({"mapping": "phone: phone"}, "mapping"),
            ({"mapping": "email: a\nemail: b"}, "mapping"),
            ({"group_rules": "a: b"}, "group_rules"),
            ({"extra_params": "state: x"}, "extra_params"),
            ({"extra_params": '{"a": 1}'}, "extra_params"),
            ({"allowed_email_domains": "*.corp.example"}, "allowed_email_domains"),
            ({"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method"),
            ({"icon": "rainbow"}, "icon"),
            ({"kind": "onelogin", "subdomain": "ac me", "issuer": ""}, "subdomain"),
            ({"subdomain": "acme"}, "subdomain"),
            ({"leeway": "301"}, "leeway"),
            ({"link_by_verified_email": "on", "allowed_email_domains": ""}, "link_by_verified_email"),
        ],
    )
    def test_a_mistake_is_shown_at_its_field_and_nothing_is_saved(self, bob, form, changes, field):
        response = bob.post(ADD, form | changes)
        assert response.status_code == 200
        assert list(errors_in(response)) == [field]
        assert not Provider.objects.exists()
        assert not provider_events().exists()

    def test_another_issuer_in_the_document_is_shown_at_the_issuer(self, bob, form, scripted_provider):
        form["issuer"] += "/"
        scripted_provider.discovery["issuer"] = scripted_provider.issuer
        response = bob.post(ADD, form)
        assert "they differ in the trailing slash" in str(errors_in(response)["issuer"])
        assert not Provider.objects.exists()

    def test_what_was_typed_comes_back_with_the_error_but_for_the_secret(self, bob, form):
        page = bob.post(ADD, form | {"mapping": "this is wrong"}).content.decode()
        assert "this is wrong" in page
        assert_without(page, SECRET)

    @pytest.mark.parametrize("icon", ["", "cloud", "C", "IT", "★"])
    def test_an_icon_is_a_drawing_or_a_character_or_two(self, bob, form, icon):
        bob.post(ADD, form | {"icon": icon})
        assert Provider.objects.get().icon == icon

    def test_a_slug_is_taken_once(self, bob, form, corp):
        response = bob.post(ADD, form)
        assert "slug" in errors_in(response)
        assert Provider.objects.count() == 1


class ChangingTests:
    @pytest.fixture
    def change(self, bob, form, corp):
        form |= {"client_secret": "", "anyway": "on"}  # without a rehearsal
        return lambda **changes: bob.post(page_of(corp), form | changes, follow=True)

    def test_the_secret_is_never_on_the_page(self, bob, corp):
        page = bob.get(page_of(corp)).content.decode()
        assert_without(page, corp.client_secret)
        assert_without(page, corp.client_secret_envelope)

    def test_an_empty_secret_keeps_the_stored_one(self, change, corp):
        stored = corp.client_secret
        change(name="Corporation")
        corp.refresh_from_db()
        assert (corp.name, corp.client_secret) == ("Corporation", stored)

    def test_a_typed_secret_replaces_it(self, change, corp):
        change(client_secret="another-secret")
        corp.refresh_from_db()
        assert corp.client_secret == "another-secret"

    def test_the_secret_can_be_removed_with_the_method_that_needs_it(self, change, corp):
        change(remove_client_secret="on", token_endpoint_auth_method="none")
        corp.refresh_from_db()
        assert corp.client_secret is None

    def test_without_it_a_confidential_client_is_refused(self, change, corp):
        response = change(remove_client_secret="on")
        assert list(errors_in(response)) == ["client_secret"]
        stored = corp.client_secret
        corp.refresh_from_db()
        assert corp.client_secret == stored

    def test_the_stored_metadata_is_not_fetched_again(self, change, scripted_provider):
        change(name="Corporation")
        assert scripted_provider.requests == []

    def test_the_fields_show_what_is_stored(self, bob, corp):
        Provider.objects.update(
            mapping={"email": "mail"},
            group_rules=[{"claim_value": "a", "group": "A"}],
            scopes=["openid", "x"],
        )
        page = bob.get(page_of(corp)).content.decode()
        assert "email: mail" in page
        assert "a =&gt; A" in page
        assert "openid\nx" in page

    def test_the_age_of_metadata_and_keys_is_shown(self, bob, corp):
        fetched = timezone.now() - timedelta(days=3, hours=1)
        Provider.objects.update(discovery_fetched_at=fetched)
        assert "3\xa0days ago. Keys: not fetched yet." in bob.get(page_of(corp)).content.decode()
        two_hours_ago = timezone.now() - timedelta(hours=2, minutes=1)
        Provider.objects.update(jwks={"keys": []}, jwks_fetched_at=two_hours_ago)
        assert "Keys: " in (page := bob.get(page_of(corp)).content.decode())
        assert "2\xa0hours ago; used until" in page

    def test_a_damaged_row_can_still_be_opened(self, bob, corp):
        Provider.objects.update(
            kind="gone", mapping=["a"], group_rules=["a"], scopes=[1], discovery_fetched_at=None
        )
        page = bob.get(page_of(corp)).content.decode()
        assert "There is no such kind" in page
        assert "setup-guide" in page
        assert "Not fetched yet" in page

    def test_a_subdomain_typed_later_means_another_issuer(self, change, corp, monkeypatch):
        monkeypatch.setattr("providers.metadata.outgoing.fetch_document", unreachable)
        Provider.objects.update(kind="onelogin")
        change(kind="onelogin", subdomain="acme", client_secret="what-onelogin-knows")
        corp.refresh_from_db()
        assert corp.issuer == "https://acme.onelogin.com/oidc/2"
        assert corp.discovery is None

    def test_save_and_refresh_fetches_and_stays_on_the_page(self, change, corp, scripted_provider):
        response = change(_refresh_metadata="1")
        assert response.redirect_chain[-1][0] == page_of(corp)
        assert any("the metadata is unchanged" in message for message in messages_in(response))
        scripted_provider.go_down()
        response = change(_refresh_metadata="1")
        assert any("connect_failed" in message for message in messages_in(response))

    def test_no_transaction_is_open_while_the_provider_is_asked(
        self, change, monkeypatch, another_scripted_provider
    ):
        depths = []
        monkeypatch.setattr(
            "providers.metadata.outgoing.fetch_document",
            lambda url: depths.append(len(connection.savepoint_ids)) or another_scripted_provider.metadata(),
        )
        outside = len(connection.savepoint_ids)
        change(issuer=another_scripted_provider.issuer, client_secret="what-the-other-knows")
        assert depths == [outside]


class ActionTests:
    @pytest.fixture
    def act(self, bob, corp):
        # The console's own question is answered by one field, and Django's before it deletes by another.
        yes = {"confirmed": "yes", "post": "yes"}
        return lambda action: bob.post(
            LIST, {"action": action, "_selected_action": [str(corp.pk)], **yes}, follow=True
        )

    def test_providers_are_disabled_and_enabled(self, act, corp):
        assert messages_in(act("disable")) == ["Providers disabled: 1."]
        assert not Provider.objects.get().enabled
        assert messages_in(act("disable")) == ["Providers disabled: 0."]
        assert messages_in(act("enable")) == ["Providers enabled: 1."]
        assert Provider.objects.get().enabled

    def test_metadata_is_refreshed(self, act, scripted_provider):
        scripted_provider.discovery["scopes_supported"] = ["openid"]
        assert messages_in(act("refresh_metadata")) == ["Corp SSO: new metadata was fetched."]
        assert Provider.objects.get().discovery["scopes_supported"] == ["openid"]

    def test_selected_rows_are_never_deleted(self, act):
        act("delete_selected")
        assert Provider.objects.exists()


class DeletingTests:
    def test_what_is_not_in_use_can_go(self, bob, corp):
        bob.post(f"{LIST}{corp.pk}/delete/", {"post": "yes"})
        assert not Provider.objects.exists()
        assert provider_events().filter(action="provider_deleted", actor="user:bob").exists()

    def test_what_people_sign_in_with_cannot(self, bob, corp):
        Identity.objects.create(provider=corp, sub="s", user=User.objects.get(username="bob"))
        assert bob.post(f"{LIST}{corp.pk}/delete/", {"post": "yes"}).status_code == 403
        assert Provider.objects.exists()


@pytest.mark.parametrize("path", [LIST, ADD, "identity/", "signinattempt/", "consolesession/"])
def test_mallory_sees_none_of_it(mallory, path):
    url = path if path.startswith("/") else f"/admin/providers/{path}"
    assert mallory.get(url).status_code == 403


def test_mallory_changes_nothing(mallory, corp, form):
    assert mallory.post(page_of(corp), form).status_code == 403
    action = {"action": "disable", "confirmed": "yes", "_selected_action": [str(corp.pk)]}
    assert mallory.post(LIST, action).status_code == 403
    assert Provider.objects.get().enabled


def test_the_list_has_every_provider(bob, corp):
    assert "Corp SSO" in bob.get(LIST, {"q": "corp"}).content.decode()


def unreachable(url):
    from providers.errors import ProviderUnreachable

    raise ProviderUnreachable(expected="an answer", received="connect_failed: nobody there")
