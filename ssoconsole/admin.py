"""The admin site: Django's own, in the console's order and with its warnings."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

AREAS = ("providers", "tokens", "accounts", "auth", "eventlog")


class ConsoleAdminSite(admin.AdminSite):
    """
    Administration of the console.

    Its login page is the password door, for break-glass administrators; everybody else comes through a
    provider. Signing out is the console's own, so that the session at the provider can end too.
    """

    site_title = "SSO Console"
    site_header = "SSO Console"
    index_title = "Administration"
    site_url = "/"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add `break_glass_accounts`, for administrators: the temporary ones who can still get in."""
        accounts = self._break_glass_accounts() if self.has_permission(request) else []
        return {**super().each_context(request), "break_glass_accounts": accounts}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The areas in the order of first use, groups among the people; whatever else there is comes last."""
        found = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        if "accounts" in found and "auth" in found:
            found["accounts"]["models"] += found.pop("auth")["models"]
        return sorted(found.values(), key=lambda app: _place_of(app["app_label"]))

    @method_decorator(never_cache)
    def logout(  # type: ignore[override]  # the stubs know no answer but Django's own logged-out page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hand over, method and body, to the console's sign-out, which ends the console session too."""
        return HttpResponseRedirect(reverse("signout"), preserve_request=True)

    @staticmethod
    def _break_glass_accounts() -> list[Any]:
        from ssoconsole.accounts.models import User  # models are not ready when the site is made

        return list(
            User.objects.filter(expires_at__gt=timezone.now(), is_active=True)
            .order_by("expires_at")
            .only("username", "expires_at")
        )


def _place_of(app_label: str) -> int:
    return AREAS.index(app_label) if app_label in AREAS else len(AREAS)
