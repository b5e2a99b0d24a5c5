"""The whole story in a browser: an administrator registers a real provider, a person signs in and out."""

import pytest
from django.contrib.auth import get_user_model

from providers.models import ConsoleSession, Identity
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.support.browser import screenshot, sign_in_at_real_provider
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def admin_page(console, quiet_page):
    """The administrator at work, signed in with the one-time password."""
    user, password = bootstrap_admin(name="admin", by=Actor.command("test"))
    quiet_page.goto(f"{console}/admin/")
    quiet_page.get_by_label("Name").fill(user.username)
    quiet_page.get_by_label("Password").fill(password)
    quiet_page.get_by_role("button", name="Sign in").click()
    quiet_page.wait_for_url(f"{console}/admin/")
    return quiet_page


def register_in_admin(page, console, *, kind, name, slug, issuer, client_id, secret=None, method):
    page.goto(f"{console}/admin/providers/provider/add/?kind={kind}")
    page.locator("[name=name]").fill(name)
    page.locator("[name=slug]").fill(slug)
    page.locator("[name=issuer]").fill(issuer)
    page.locator("[name=client_id]").fill(client_id)
    page.locator("[name=token_endpoint_auth_method]").select_option(method)
    if secret:
        page.locator("[name=client_secret]").fill(secret)
    page.locator("[name=enabled]").check()
    with page.expect_navigation():
        page.locator("[name=_continue]").last.click()
    assert page.locator(".errorlist").all_inner_texts() == []
    return page.content()


def sign_out_as_administrator(page, console):
    page.goto(f"{console}/admin/")
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/signed-out**")


@pytest.mark.parametrize(
    ("kind", "client_id", "slug", "name"),
    [
        ("custom-oidc", "console-basic", "corp", "Corp SSO"),
        ("onelogin", "onelogin", "acme", "OneLogin"),
    ],
)
def test_an_administrator_registers_a_provider_and_a_person_signs_in_and_out(
    admin_page, console, real_provider, kind, client_id, slug, name
):
    page = admin_page
    client = real_provider.register_client(client_id, console, slug)
    issuer = real_provider.onelogin_issuer if kind == "onelogin" else real_provider.issuer
    secret = client.get("client_secret") if client_id == "console-basic" else None
    method = client["token_endpoint_auth_method"]

    shown = register_in_admin(
        page,
        console,
        kind=kind,
        name=name,
        slug=slug,
        issuer=issuer,
        client_id=client_id,
        secret=secret,
        method=method,
    )
    assert f"{console}/callback/{slug}" in shown  # to paste at the provider
    assert f"{console}/signin" in shown
    if secret:
        assert_without(shown, secret)
    screenshot(page, f"story-{kind}-admin")
    sign_out_as_administrator(page, console)

    page.goto(f"{console}/")
    page.get_by_role("link", name=name).click()
    sign_in_at_real_provider(page, "alice")
    page.wait_for_url(f"{console}/")
    main = page.get_by_role("main").inner_text()
    assert "alice@corp.example" in main
    assert name in main
    identity = Identity.objects.get()
    assert identity.user.username == "alice@corp.example"
    assert get_user_model().objects.get(pk=identity.user_id).is_superuser is False

    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Yes, sign me out").click()  # the provider asks whether it should
    page.wait_for_url("**/signed-out**")
    assert ConsoleSession.objects.get().ended_at is not None

    # Signed out at both ends: the provider asks for the name again.
    page.goto(f"{console}/signin/{slug}")
    page.get_by_label("Name").wait_for()
    assert page.url.startswith(real_provider.issuer.rsplit("/", 1)[0])
