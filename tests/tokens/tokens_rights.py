"""People with exactly some rights, and everything that nobody without them may change."""

from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from tokens_cast import PASSWORD_BACKEND

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event

# Traces of what was refused come and go with the refusals themselves.
TRACES = {"tokenrefusal", "registryversion"}


def everything():
    """Every row of this app, and the event log."""
    models = [*apps.get_app_config("tokens").get_models(), Event]
    return {
        model._meta.label: list(model.objects.order_by("pk").values())
        for model in models
        if model._meta.model_name not in TRACES
    }


def with_exactly(*rights, name="exact"):
    """A browser of somebody in the admin who holds these rights, written `app.codename`, and no other."""
    return _browser(name, set(rights))


def with_all_but(*rights, name="allbut"):
    """A browser of somebody in the admin who holds every right there is but these, and is no superuser."""
    every = {f"{app}.{codename}" for app, codename in _permissions().values_list(*_NAMES)}
    return _browser(name, every - set(rights))


_NAMES = ("content_type__app_label", "codename")


def _permissions():
    return Permission.objects.order_by("pk")


def _browser(name, rights):
    user = User.objects.create_user(name, is_staff=True)
    rows = {f"{app}.{codename}": pk for pk, app, codename in _permissions().values_list("pk", *_NAMES)}
    user.user_permissions.set([rows[right] for right in rights])
    browser = Client()
    browser.force_login(user, PASSWORD_BACKEND)
    return browser
