"""The calendar's private addresses in the admin: made, shown once, and revoked."""

import uuid
from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from ssoconsole.accounts.models import User
from ssoconsole.accounts.shown_once import keep_for_one_look, look_once
from ssoconsole.actors import Actor
from ssoconsole.expiry.calendar.services import make_calendar_address, revoke_calendar_address
from ssoconsole.expiry.models import CalendarAddress

if TYPE_CHECKING:
    ModelAdminOfAddress = admin.ModelAdmin[CalendarAddress]
else:
    ModelAdminOfAddress = admin.ModelAdmin


class NewAddressForm(forms.Form):
    label = forms.CharField(max_length=100, help_text="Whose calendar reads it, and where.")


@admin.register(CalendarAddress)
class CalendarAddressAdmin(ModelAdminOfAddress):
    """Which addresses there are; the secret in one is nowhere."""

    list_display = ("label", "owner", "created_at", "revoked_at")
    list_select_related = ("owner",)
    fields = ("label", "owner", "created_at", "revoked_at", "revoked_by")
    readonly_fields = fields
    actions = ("revoke",)
    change_list_template = "admin/expiry/calendaraddress/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view(self.make), "expiry_calendaraddress_make"
        return [
            path("make", view, name=name),
            path("make/<uuid:made>", require_safe(view), name=f"{name}_made"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not by Django's form, which would have a field for a hash."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: CalendarAddress | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CalendarAddress | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Revoking is a change, though nothing of the row is edited."""
        return request.user.has_perm("expiry.change_calendaraddress")

    def make(self, request: HttpRequest, made: uuid.UUID | None = None) -> HttpResponse:
        """Ask for a label, then lead to the page that shows the address, `made`, at the first look and never again."""
        user = request.user
        if not isinstance(user, User) or not user.has_perm("expiry.add_calendaraddress"):
            raise PermissionDenied
        form = NewAddressForm(None if made else request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Make calendar address",
            "form": form,
            "opts": self.opts,
        }
        if made and request.method == "GET":
            seen = look_once(request, made, about=CalendarAddress)
            context["gone"] = seen is None
            if seen:
                context["address"] = f"{settings.BASE_URL}{reverse('calendar', args=[seen[0]])}"
        elif form.is_valid():
            with transaction.atomic():
                label = form.cleaned_data["label"]
                address, token = make_calendar_address(owner=user, label=label, by=Actor.of(request))
                made = keep_for_one_look(request, token, about=address)
            return redirect("admin:expiry_calendaraddress_make_made", made)
        response = TemplateResponse(request, "admin/expiry/calendaraddress/make.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke the selected addresses", permissions=["revoke"])
    def revoke(self, request: HttpRequest, addresses: QuerySet[CalendarAddress]) -> None:
        by = Actor.of(request)
        revoked = sum(revoke_calendar_address(address=each, by=by) for each in addresses)
        self.message_user(request, f"Addresses revoked: {revoked}.", messages.SUCCESS)
