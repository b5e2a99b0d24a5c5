"""“Replay recent sign-ins”: what the registration in the form would mean for those who have signed in."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from providers.admin.trying import TryingAdmin
from providers.identities.rules import KEEPS_OUT
from providers.models import Provider
from providers.replay import CHOICES, USUAL, replay_sign_ins
from ssoconsole.platform.http.methods import only_post

ROUTE = "providers_provider_replay"


# What is told of a person comes out of the claims of his sign-ins: a claim that the form names is read by the page.
READS = "providers.view_signinattempt"


class ReplayingAdmin(TryingAdmin):
    """Only for a provider that is stored, as nobody has signed in through another, and for who may read sign-ins."""

    def get_urls(self) -> list[URLPattern]:
        return [path("<uuid:pk>/replay", self.page(self.replay), name=ROUTE), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("client_secret", "credentials_json"))
    @method_decorator(only_post)
    def replay(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not request.user.has_perm(READS):
            raise Http404
        form, stored = self.form_of(request, pk)
        if stored is None or not form.is_valid():
            return self.mistakes(request, form, stored, title="This cannot be replayed yet")
        chosen = request.POST.get("replay_count", "")
        most = next((choice for choice in CHOICES if str(choice) == chosen), USUAL)
        replay = replay_sign_ins(stored=stored, changed=form.save(commit=False), most=most)
        rows = [
            {"is": each, "rule": KEEPS_OUT.get(each.refused.rule, "") if each.refused else ""}
            for each in replay.differences
        ]
        context = {"title": f"Replay of recent sign-ins: {stored}", "replay": replay, "rows": rows}
        return self.answer(request, "replay", context, stored)


def replaying_context(request: HttpRequest, provider: Provider | None) -> dict[str, Any]:
    """Return what the form's template needs for the button; nothing where there is none."""
    if provider is None or not request.user.has_perm(READS):
        return {}
    url = reverse(f"admin:{ROUTE}", args=[provider.pk])
    return {"replay_url": url, "replay_choices": CHOICES, "replay_usual": USUAL}
