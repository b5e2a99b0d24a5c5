"""
The paths of signing in and out.

mozilla-django-oidc reverses one name of its own, the callback's; `PerProvider` tells it ours.
"""

from django.urls import path

from providers.account import views as account_views
from providers.signin.callback_view import CallbackView
from providers.signin.chooser import signin
from providers.signin.request_view import RequestView
from providers.signout import views as signout_views

urlpatterns = [
    path("signin", signin, name="signin"),
    path("signin/<slug:slug>", RequestView.as_view(), name="signin_start"),
    path("callback", CallbackView.as_view(), name="callback"),
    path("callback/<slug:slug>", CallbackView.as_view(), name="callback_of"),
    path("signout", signout_views.signout, name="signout"),
    path("signed-out", signout_views.signed_out, name="signed_out"),
    path("account", account_views.account, name="account"),
    path("account/sessions/<uuid:session_id>/end", account_views.session_end, name="session_end"),
]
