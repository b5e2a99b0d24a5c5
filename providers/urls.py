"""
The paths of signing in and out, and of what providers read or post here.

mozilla-django-oidc reverses one name of its own, the callback's; `providers.signin.backend` tells it ours.
"""

from django.urls import path

from providers.account.views import account, connect, identity_unlink, session_end, sessions_end_all
from providers.client_keys import client_jwks
from providers.signin.callback import callback
from providers.signin.chooser import signin
from providers.signin.leaving import signin_start
from providers.signout import backchannel_logout, signed_out, signout

urlpatterns = [
    path("signin", signin, name="signin"),
    path("signin/<slug:slug>", signin_start, name="signin_start"),
    path("callback", callback, name="callback"),
    path("callback/<slug:slug>", callback, name="callback_of"),
    path("signout", signout, name="signout"),
    path("signed-out", signed_out, name="signed_out"),
    path("backchannel-logout/<slug:slug>", backchannel_logout, name="backchannel_logout"),
    path("providers/<slug:slug>/jwks.json", client_jwks, name="client_jwks"),
    path("account", account, name="account"),
    path("account/sessions/end-all", sessions_end_all, name="sessions_end_all"),
    path("account/sessions/<uuid:session_id>/end", session_end, name="session_end"),
    path("account/identities/<int:identity_id>/unlink", identity_unlink, name="identity_unlink"),
    path("account/connect/<slug:slug>", connect, name="identity_connect"),
]
