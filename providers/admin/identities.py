"""People at providers."""

from django.contrib import admin

from providers.admin.records import RecordAdmin
from providers.models import Identity


@admin.register(Identity)
class IdentityAdmin(RecordAdmin):
    """Who is whom: the pair of provider and subject that a user signs in with."""

    list_display = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
    list_filter = ("provider",)
    list_select_related = ("user", "provider")
    search_fields = ("sub", "email", "user__username")
    fields = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
