"""The page on which a platform's token is tried on a federation rule."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from ssoconsole.platform.admin_base import AnyModelAdmin
from tokens.admin.credential_forms import TrialForm
from tokens.credentials.workloads import explain_rule
from tokens.models import Credential


def try_token(model_admin: AnyModelAdmin, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """
    Tell step by step whether a pasted token would be let in by this rule.

    The token is in no answer, no log and no table; whoever may see the rule may try one.
    """
    rules = Credential.objects.select_related("bot").filter(kind=Credential.Kind.FEDERATION)
    credential = get_object_or_404(rules, pk=pk)
    if not model_admin.has_view_permission(request, credential):
        raise PermissionDenied
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # no error report shows the token
    form = TrialForm(request.POST if request.method == "POST" else None)
    lines = None
    if form.is_valid():
        lines = explain_rule(credential, form.cleaned_data["token"].strip(), at=timezone.now())
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Try a token for {credential.bot.name}",
        "credential": credential,
        "form": TrialForm() if lines is not None else form,
        "lines": lines,
        "let_in": lines is not None and all(line.ok for line in lines),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/tokens/credential/try.html", context)
