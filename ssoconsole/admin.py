"""The admin site: Django's own, in the console's order and with its warnings."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ssoconsole.platform.http.doors import has_page

AREAS = ("providers", "tokens", "accounts", "auth", "eventlog")


class ConsoleAdminSite(admin.AdminSite):
    """
    Administration of the console.

    Its login page is the password door, for break-glass administrators; everybody else comes through a
    provider. Signing out is the console's own, so that the session at the provider can end too.
    """

    index_title = "Administration"
    site_url = "/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """As Django's, with `ShownColumnsOnly` before whatever admin it is: nobody has to think of it."""
        from ssoconsole.platform.admin_base import (
            ShownColumnsOnly,  # needs what is not ready when the site is made
        )

        base = admin_class or admin.ModelAdmin
        guarded = type(base.__name__, (ShownColumnsOnly, base), {"__module__": base.__module__})
        super().register(model_or_iterable, guarded, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """
        Add the brand, and two warnings for administrators, whoever they are and on every page.

        `break_glass_accounts`: the temporary administrators who can still get in; `came_by_password`: whether
        the person at this browser has come by a password.
        """
        warnings = self._warnings(request) if self.has_permission(request) else {}
        brand = dict.fromkeys(("site_title", "site_header"), settings.BRAND_NAME)
        return {**super().each_context(request), **brand, **warnings}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """The console's own pages before Django's, whose last pattern takes everything."""
        from ssoconsole.console.checklist.services import (
            checklist,  # models are not ready when the site is made
        )
        from ssoconsole.console.expiry.pages import ending_soon_page
        from ssoconsole.console.search import search

        ending_soon = self.admin_view(lambda request: ending_soon_page(self, request))
        return [
            path("checklist", self.admin_view(checklist), name="checklist"),
            path("ending-soon", ending_soon, name="ending_soon"),
            path("search", self.admin_view(search), name="search"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse with 400 what Django's own views would fall over."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
                raise BadRequest("An empty name of a field.")
            answer: HttpResponseBase = inner(request, *args, **kwargs)
            return answer

        return checked

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """With what ends soon and how the console stands; a few queries by indices, and nothing is fetched."""
        from ssoconsole.console.dashboard import dashboard  # models are not ready when the site is made
        from ssoconsole.console.expiry.pages import summary

        told = {"ending_soon": summary(request), "dashboard": dashboard(self, request)}
        return super().index(request, {**told, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """
        The areas in the order of first use, groups among the people; whatever else there is comes last.

        An admin may have a page of its own to add by (`add_page`).
        """
        found = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        if "accounts" in found and "auth" in found:
            found["accounts"]["models"] += found.pop("auth")["models"]
        for model in (model for app in found.values() for model in app["models"]):
            add_page = getattr(self._registry[model["model"]], "add_page", "")
            if add_page and model["add_url"]:
                model["add_url"] = reverse(add_page)
        return sorted(found.values(), key=lambda app: _place_of(app["app_label"]))

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The password door; who comes from a form whose session had ended is led to the first page, not to 405."""
        for given in ("GET", "POST"):
            parameters: QueryDict = getattr(request, given)
            if not has_page(parameters.get(REDIRECT_FIELD_NAME, "")):
                kept = parameters.copy()
                kept[REDIRECT_FIELD_NAME] = reverse("admin:index")
                setattr(request, given, kept)
        return super().login(request, extra_context)

    @method_decorator(never_cache)
    def logout(  # type: ignore[override]  # the stubs know no answer but Django's own logged-out page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hand over, method and body, to the console's sign-out, which ends the console session too."""
        return HttpResponseRedirect(reverse("signout"), preserve_request=True)

    @staticmethod
    def _warnings(request: HttpRequest) -> dict[str, Any]:
        from ssoconsole.platform.accounts import services

        return {
            "break_glass_accounts": list(services.open_accounts(at=timezone.now())),
            "came_by_password": services.came_by_password(request),
        }


def _place_of(app_label: str) -> int:
    return AREAS.index(app_label) if app_label in AREAS else len(AREAS)
