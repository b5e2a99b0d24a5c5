"""Sign-in attempts and their traces."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers.admin.records import BoundedPaginator, RecordAdmin
from providers.models import SignInAttempt
from ssoconsole.eventlog.masking import mask


@admin.register(SignInAttempt)
class SignInAttemptAdmin(RecordAdmin):
    """What happened, found by the reference that the person read out; nonce and verifier are never shown."""

    list_display = ("reference", "provider", "outcome", "stage", "user", "started_at")
    list_filter = ("outcome", "provider")
    list_select_related = ("provider", "user")
    search_fields = ("reference",)
    search_help_text = "The reference on the page of the refused sign-in."
    paginator = BoundedPaginator
    fields = (
        "reference",
        "provider",
        "purpose",
        "stage",
        "outcome",
        "expected",
        "received",
        "user",
        "started_at",
        "consumed_at",
        "finished_at",
        "issuer",
        "redirect_uri",
        "address",
        "user_agent",
        "masked_trace",
    )

    @admin.display(description="Trace")
    def masked_trace(self, attempt: SignInAttempt) -> SafeString:
        """The claims and the rest of the trace, masked once more on the way out."""
        shown = mask({**attempt.trace, "claims": attempt.claims_shown})
        return format_html("<pre>{}</pre>", json.dumps(shown, indent=2, ensure_ascii=False))
