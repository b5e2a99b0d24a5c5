"""An administrator who presses “Rehearse sign-in”, signs in at the provider, and reads the page; and every row."""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.test import Client

from tests.providers.signin.journey import hop_of

LIST = "/admin/providers/provider/"


def typed_form(op, **changes):
    """What stands in the form for the scripted provider."""
    return {
        "kind": "custom-oidc",
        "name": "Corp SSO",
        "slug": "corp",
        "issuer": op.issuer,
        "enabled": "on",
        "client_id": op.client.client_id,
        "client_secret": op.client.client_secret or "",
        "token_endpoint_auth_method": op.client.token_endpoint_auth_method,
        "assertion_audience": "issuer",
        "pushed_authorization": "on",
        "response_type": "code",
        "scopes": "openid\nemail\ngroups",
        "pkce": "on",
        "callback": "dedicated",
        "signing_algs": "RS256",
        "self_signup": "on",
        "principal_claims": "email\npreferred_username\nsub",
        "mapping": "email: email\nname: name\ngroups: groups",
        "session_lifetime": "28800",
        "session_refresh": "none",
        "session_check_every": "900",
        "leeway": "60",
        "order": "100",
        **changes,
    }


@dataclass
class Stage:
    """`client` is the administrator's browser, `form` what he has typed."""

    client: Client
    op: object
    form: dict

    def press(self, provider=None, client=None, **changes):
        """Press the button; the answer is the way to the provider, the page, or what is wrong with the form."""
        url = f"{LIST}{provider.pk}/rehearse" if provider else f"{LIST}rehearse"
        return (client or self.client).post(url, self.form | changes)

    def leave(self, provider=None, **changes):
        """Go to the provider; its answer, not brought back yet."""
        response = self.press(provider, **changes)
        assert response.status_code == 200, response.content.decode()
        return self.op.visit(hop_of(response))

    def come_back(self, callback, client=None):
        """Bring the answer back; a posted one by both legs."""
        client = client or self.client
        if callback.form is None:
            return client.get(callback.path)
        response = Client().post(callback.path, callback.form)
        return client.get(hop_of(response))

    def rehearse(self, provider=None, **changes):
        """All of it; what the page has to tell."""
        response = self.come_back(self.leave(provider, **changes))
        assert response.status_code == 302, response.content.decode()
        return self.read(response["Location"])

    def read(self, url, client=None):
        response = (client or self.client).get(url)
        assert response.status_code == 200
        return response.context


def every_row(*, apart_from=()):
    """Every row of every table, as it is in the database; no query is put together for it."""
    rows = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label not in apart_from and not model._meta.proxy:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                rows[model._meta.label] = sorted(map(repr, cursor.fetchall()))
    return rows


TRACES = ("providers.SignInAttempt", "providers.ClaimedName", "providers.Rehearsal", "eventlog.Event")
