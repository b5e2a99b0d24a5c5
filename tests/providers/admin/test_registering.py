"""A provider is added in four steps: its address, the client, a try, the switch; until then it is a draft."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from providers.models import Provider, Rehearsal
from providers.registration.beginning import free_slug, name_of, put_right
from ssoconsole.platform.accounts.models import SecretToShow, User
from tests.providers.admin.test_kept_secret import KEPT, kept_in
from tests.providers.registrations import provider_events, registered_at
from tests.providers.signin.journey import Browser, hop_of
from tests.support.leaks import assert_without
from tests.support.name_server import know_only_this_machine

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"
WAY = LIST + "register"
SECRET = "s3cret-of-the-client"
WELL_KNOWN = "/.well-known/openid-configuration"


def draft_page(provider):
    return f"{LIST}{provider.pk}/register"


def read_at(page):
    """What stands in the fields of the second step."""
    form = page.context["form"]
    names = ("issuer", "client_id", "token_endpoint_auth_method", "signing_algs", "name", "slug")
    return {name: form[name].value() for name in names}


@pytest.fixture
def second_step(bob, op):
    """As a browser posts it, with what a person types."""
    answer = bob.post(WAY, {"kind": "custom-oidc", "issuer": op.issuer})
    shown = {name: value for name, value in read_at(answer).items() if name != "signing_algs"}
    return shown | {
        "kind": "custom-oidc",
        "signing_algs": "RS256",
        "client_id": op.client.client_id,
        "client_secret": op.client.client_secret,
        "name": "Corp SSO",
        "slug": "corp",
    }


@pytest.fixture
def draft(bob, second_step):
    assert bob.post(WAY, second_step).status_code == 302
    return Provider.objects.get()


class AddressTests:
    def test_it_asks_for_nothing_else(self, bob):
        page = bob.get(WAY).content.decode()
        assert 'name="issuer"' in page
        assert 'name="client_id"' not in page
        assert 'href="/admin/providers/provider/add/?kind=custom-oidc"' in page

    def test_for_onelogin_it_is_the_subdomain(self, bob):
        page = bob.get(WAY, {"kind": "onelogin"}).content.decode()
        assert 'name="subdomain"' in page
        assert 'name="issuer"' not in page

    @pytest.mark.parametrize("kind", ["", "saml", "../x"])
    def test_a_kind_that_is_none_is_any_openid_provider(self, bob, kind):
        assert 'name="issuer"' in bob.get(WAY, {"kind": kind}).content.decode()

    def test_what_the_provider_publishes_fills_the_rest(self, bob, op):
        op.discovery["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_post"]
        op.discovery["id_token_signing_alg_values_supported"] = ["HS256", "ES256", "EdDSA"]
        shown = read_at(bob.post(WAY, {"kind": "custom-oidc", "issuer": op.issuer}))
        assert shown["issuer"] == op.issuer
        assert shown["token_endpoint_auth_method"] == "client_secret_post"
        assert set(shown["signing_algs"].split()) == {"ES256", "EdDSA"}
        assert not Provider.objects.exists()

    def test_the_values_to_paste_stand_beside_the_client(self, bob, op):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": op.issuer})
        slug = read_at(page)["slug"]
        assert f"http://localhost:8000/callback/{slug}" in page.content.decode()
        assert 'data-kind="onelogin"' not in page.content.decode()

    @pytest.mark.parametrize(
        ("before", "after", "word"),
        [
            ("", WELL_KNOWN, "was left out"),
            ("  ", "", "Blanks were taken out"),
            ("", "\n", "Blanks were taken out"),
            ("", "/", "spells its issuer"),
            ("", "///", "Superfluous slashes"),
            ("", "/" + WELL_KNOWN, "was left out"),
        ],
    )
    def test_what_is_pasted_around_it_is_put_right_with_a_word(self, bob, op, before, after, word):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": f"{before}{op.issuer}{after}"})
        assert read_at(page)["issuer"] == op.issuer
        assert any(word in said for said in page.context["told"])

    def test_an_issuer_that_is_right_gets_no_word(self, bob, op):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": op.issuer})
        assert not any("put right" in said or "taken out" in said for said in page.context["told"])

    def test_the_slash_that_the_provider_has_is_its_own(self, bob, op):
        issuer = op.issuer
        op.discovery["issuer"] = issuer + "/"
        assert read_at(bob.post(WAY, {"kind": "custom-oidc", "issuer": issuer}))["issuer"] == issuer + "/"

    @pytest.mark.parametrize("issuer", ["", "ftp://idp.example", "http://127.0.0.1:9/x?y=z", "https://"])
    def test_what_is_no_address_is_asked_for_again(self, bob, issuer):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": issuer})
        assert page.context["at"] == 1
        assert "errorlist" in page.content.decode()

    def test_a_document_of_another_issuer_goes_no_further(self, bob, op):
        op.discovery["issuer"] = "https://evil.example"
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": op.issuer})
        assert page.context["at"] == 1
        assert "https://evil.example" in page.content.decode()

    def test_one_that_does_not_answer_can_be_registered_all_the_same(self, bob):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": "http://127.0.0.1:9"})
        assert page.context["at"] == 2
        assert any("does not answer now" in said for said in page.context["told"])

    def test_onelogin_brings_its_usual_values(self, bob, monkeypatch):
        know_only_this_machine(monkeypatch)
        page = bob.post(WAY, {"kind": "onelogin", "subdomain": "acme"})
        shown = read_at(page)
        assert shown["issuer"] == "https://acme.onelogin.com/oidc/2"
        assert (shown["token_endpoint_auth_method"], shown["name"], shown["slug"]) == (
            "none",
            "OneLogin",
            "onelogin",
        )

    def test_a_subdomain_that_is_none_is_asked_for_again(self, bob):
        page = bob.post(WAY, {"kind": "onelogin", "subdomain": "Not A Subdomain"})
        assert page.context["at"] == 1
        assert "Only the first part" in page.content.decode()


class CredentialsTests:
    def pasted(self, op, **more):
        return json.dumps(
            {"client_id": "from-the-file", "client_secret": SECRET, "issuer": op.issuer, **more}
        )

    def test_a_file_names_the_address_and_the_client(self, bob, op):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": "", "credentials_json": self.pasted(op)})
        shown = read_at(page)
        assert (shown["issuer"], shown["client_id"]) == (op.issuer, "from-the-file")
        text = page.content.decode()
        assert_without(text, SECRET)
        kept = {"client_secret": "", KEPT: kept_in(text), "kind": "custom-oidc", "signing_algs": "RS256"}
        assert bob.post(WAY, {**shown, **kept}).status_code == 302
        provider = Provider.objects.get()
        assert (provider.client_id, provider.client_secret) == ("from-the-file", SECRET)

    def test_one_that_names_another_address_is_not_taken(self, bob, op):
        typed = {"kind": "custom-oidc", "issuer": "http://127.0.0.1:9", "credentials_json": self.pasted(op)}
        page = bob.post(WAY, typed)
        assert page.context["at"] == 1
        assert not SecretToShow.objects.exists()

    @pytest.mark.parametrize("text", ["{", "[]", '{"client_id": 7}'])
    def test_one_that_cannot_be_read_is_said_so(self, bob, text):
        page = bob.post(WAY, {"kind": "custom-oidc", "issuer": "", "credentials_json": text})
        assert page.context["at"] == 1
        assert "errorlist" in page.content.decode()


class ClientTests:
    def test_it_is_saved_as_a_draft_that_no_sign_in_page_has(self, draft, op):
        assert not draft.enabled
        assert draft in Provider.objects.drafts()
        assert (draft.client_secret, draft.issuer) == (op.client.client_secret, op.issuer)
        assert draft.discovery
        assert "Corp SSO" not in Browser().client.get("/signin").content.decode()

    def test_a_slug_that_is_left_empty_follows_the_name(self, bob, second_step):
        bob.post(WAY, second_step | {"name": "My Corp: SSO", "slug": ""})
        assert Provider.objects.get().slug == "my-corp-sso"

    def test_a_mistake_keeps_the_secret(self, bob, second_step, op):
        page = bob.post(WAY, second_step | {"slug": "Not a slug"})
        assert page.context["at"] == 2
        text = page.content.decode()
        assert_without(text, op.client.client_secret)
        assert bob.post(WAY, second_step | {"client_secret": "", KEPT: kept_in(text)}).status_code == 302
        assert Provider.objects.get().client_secret == op.client.client_secret

    @pytest.mark.parametrize(
        "change",
        [{"client_id": ""}, {"client_secret": ""}, {"name": ""}, {"issuer": "x"}, {"signing_algs": "none"}],
    )
    def test_what_is_no_registration_is_not_saved(self, bob, second_step, change):
        assert bob.post(WAY, second_step | change).context["at"] == 2
        assert not Provider.objects.exists()

    def test_a_slug_that_is_taken_is_said_so(self, bob, second_step, op):
        registered_at(op)
        assert "slug" in bob.post(WAY, second_step).context["form"].errors
        assert Provider.objects.count() == 1

    def test_what_is_not_asked_for_cannot_be_posted(self, bob, second_step):
        bob.post(WAY, second_step | {"enabled": "on", "admin_principals": "mallory", "trial": "5"})
        provider = Provider.objects.get()
        assert (provider.enabled, provider.admin_principals, provider.trial_ends_at) == (False, [], None)


class DraftTests:
    def state(self, bob, draft):
        return [name for name, is_done in bob.get(draft_page(draft)).context["progress"] if is_done]

    def rehearse(self, bob, draft, op):
        hop = bob.post(draft_page(draft), {"do": "try"})
        return bob.get(bob.get(op.visit(hop_of(hop)).path)["Location"])

    def test_the_strip_goes_on_with_each_step(self, bob, draft, op):
        assert self.state(bob, draft) == ["Draft"]
        assert bob.post(draft_page(draft), {"do": "try"}).status_code == 200
        assert self.state(bob, draft) == ["Draft", "Checked"]
        page = self.rehearse(bob, draft, op)
        assert self.state(bob, draft) == ["Draft", "Checked", "Rehearsed"]
        assert "Switch it on" in page.content.decode()
        assert bob.post(draft_page(draft), {"do": "on"}).status_code == 302
        assert self.state(bob, draft) == ["Draft", "Checked", "Rehearsed", "On"]
        assert "Corp SSO" in Browser().client.get("/signin").content.decode()
        assert Browser().sign_in(op).status_code == 302

    def test_a_check_that_finds_an_error_does_not_leave(self, bob, draft, op):
        bob.post(draft_page(draft), {"do": "try"})
        assert self.state(bob, draft) == ["Draft", "Checked"]
        Rehearsal.objects.all().delete()
        op.client.client_secret = "another-one"
        page = bob.post(draft_page(draft), {"do": "try"})
        assert "Rehearse all the same" in page.content.decode()
        assert not page.context["report"].ok
        assert not Rehearsal.objects.exists()
        assert self.state(bob, draft) == ["Draft"]
        assert bob.post(draft_page(draft), {"do": "rehearse"}).status_code == 200
        assert Rehearsal.objects.get().provider == draft

    def test_a_rehearsal_that_is_refused_offers_no_switch(self, bob, draft, op):
        op.id_token.claims["aud"] = "another"
        page = self.rehearse(bob, draft, op).content.decode()
        assert "Switch it on" not in page
        assert draft_page(draft) in page

    def test_what_is_changed_has_to_be_tried_again(self, bob, draft, op):
        self.rehearse(bob, draft, op)
        Provider.objects.filter(pk=draft.pk).update(leeway=30)
        assert "Rehearsed" not in self.state(bob, draft)

    def test_without_a_rehearsal_it_is_switched_on_by_a_word_on_record_alone(self, bob, draft):
        page = bob.post(draft_page(draft), {"do": "on"})
        assert "a successful rehearsal" in page.content.decode()
        assert not Provider.objects.get().enabled
        bob.post(draft_page(draft), {"do": "anyway"})
        assert Provider.objects.get().enabled
        assert provider_events().first().after == {"anyway": True}

    @pytest.mark.parametrize("do", ["on", "anyway"])
    def test_who_is_no_superuser_tries_it_and_does_not_switch_it_on(self, draft, op, do):
        carol = User.objects.create(username="carol", is_staff=True)
        carol.user_permissions.set(
            Permission.objects.filter(codename__in=["change_provider", "view_provider"])
        )
        browser = Client()
        browser.force_login(carol, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert browser.get(WAY).status_code == 404
        assert browser.post(draft_page(draft), {"do": "try"}).status_code == 200
        page = browser.post(draft_page(draft), {"do": do}).content.decode()
        assert "Only a superuser may enable a provider" in page
        assert not Provider.objects.get().enabled

    def test_the_list_and_the_form_lead_back_to_it(self, bob, draft):
        assert f'href="{draft_page(draft)}"' in bob.get(LIST).content.decode()
        assert f'href="{draft_page(draft)}"' in bob.get(f"{LIST}{draft.pk}/change/").content.decode()

    def test_of_one_that_is_on_they_do_not(self, bob, corp):
        assert draft_page(corp) not in bob.get(LIST).content.decode()
        assert draft_page(corp) not in bob.get(f"{LIST}{corp.pk}/change/").content.decode()

    def test_a_check_of_the_form_is_none_of_the_draft(self, bob, draft, form, op):
        typed = form | {"client_id": op.client.client_id, "client_secret": op.client.client_secret}
        page = bob.post(f"{LIST}{draft.pk}/check-form", typed | {"enabled": ""})
        assert "nothing was saved" in page.content.decode()
        assert "Checked" not in self.state(bob, draft)

    def test_the_full_form_saves_a_draft_too_unless_it_says_enabled(self, bob, form):
        answer = bob.post(LIST + "add/", form | {"enabled": ""})
        assert answer["Location"] == draft_page(Provider.objects.get())
        assert Provider.objects.drafts().exists()
        bob.post(LIST + "add/", form | {"slug": "live"})
        assert Provider.objects.get(slug="live").enabled


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("https://accounts.google.com", "Google"),
        ("https://idp.corp.example/realms/x", "Corp"),
        ("https://corp", "Corp"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://[::1]:8080", "[::1]:8080"),
        ("https://", ""),
    ],
)
def test_a_provider_is_called_after_its_host(issuer, name):
    assert name_of(issuer) == name


def test_a_slug_is_one_that_nobody_has(op):
    assert free_slug("Corp SSO") == "corp-sso"
    for number, expected in enumerate(["corp-2", "corp-3"]):
        registered_at(op, slug=f"corp-{number + 1}" if number else "corp")
        assert free_slug("Corp") == expected
    assert free_slug("漢字") == "provider"
    assert len(free_slug("x" * 200)) <= 63


def test_nothing_but_the_form_of_an_address_is_put_right():
    assert put_right("https://idp.example/Realms/A%2F") == ("https://idp.example/Realms/A%2F", [])
    assert put_right("") == ("", [])
    assert put_right("idp.example")[0] == "https://idp.example"
