"""The pages about OpenMetadata: what a provider's registration means there, and what is wrong with a file."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_post_parameters

from providers.models import Provider
from providers.openmetadata import (
    LONGEST,
    LONGEST_NAME,
    ExportRefused,
    export_files,
    lint_configuration,
    shown,
)
from providers.protocol.openmetadata.document import File
from providers.protocol.openmetadata.export import TARGETS
from ssoconsole.platform.admin_base import AnyModelAdmin

TITLES = {"docker": "Docker", "kubernetes": "Kubernetes", "bare-metal": "Bare metal"}
LONGEST_PASTE = 262_144


class ExportForm(forms.Form):
    """What the registration does not know; all of it may be left empty."""

    server_url = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Address of OpenMetadata",
        help_text="Such as https://metadata.example; empty: the lines that need it say so.",
    )
    jwt_keys = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Directory of its own keys",
        help_text="Where public_key.der and private_key.der are; empty: nothing is said about its own keys.",
    )
    key_id = forms.CharField(
        required=False,
        max_length=255,
        label="Id of its own key",
        help_text="JWT_KEY_ID, if there is one already; another one ends every token of its bots.",
    )


class PasteForm(forms.Form):
    """A file as text; it is looked at and forgotten."""

    file = forms.CharField(required=False, max_length=LONGEST_NAME, label="Name of the file")
    content = forms.CharField(
        max_length=LONGEST_PASTE,
        strip=False,
        label="Content",
        widget=forms.Textarea(
            attrs={"rows": 16, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
    )


def openmetadata_urls(model_admin: AnyModelAdmin) -> list[URLPattern]:
    """The paths of both pages, which go before those of the admin's own."""

    def export(request: HttpRequest, pk: str) -> HttpResponse:
        return openmetadata_config(model_admin, request, pk)

    @sensitive_post_parameters("content")
    def lint(request: HttpRequest) -> HttpResponse:
        return openmetadata_lint(model_admin, request)

    view = model_admin.admin_site.admin_view
    return [
        path("openmetadata/lint", view(lint), name="providers_provider_openmetadata_lint"),
        path("<uuid:pk>/openmetadata", view(export), name="providers_provider_openmetadata"),
    ]


def openmetadata_config(model_admin: AnyModelAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """Show the files for one way of deployment, or send one of them. Needs the right to see the provider."""
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_view_permission(request, provider):
        raise PermissionDenied
    target = request.GET.get("target", "")
    target = target if target in TITLES else next(iter(TITLES))
    form = ExportForm(request.GET)
    files = _files(provider, target, form)
    if name := request.GET.get("file"):
        return _download(files, name)
    options = form.cleaned_data if form.is_valid() else {}
    context = {
        "title": f"OpenMetadata for {provider}",
        "provider": provider,
        "form": form,
        "target": target,
        "tabs": [(key, title, key == target, _query(options, target=key)) for key, title in TITLES.items()],
        "files": [(file, _query(options, target=target, file=file.name)) for file in files],
    }
    return _page(model_admin, request, "openmetadata_config.html", context)


def openmetadata_lint(model_admin: AnyModelAdmin, request: HttpRequest) -> HttpResponse:
    """
    Name every trap in a pasted file. Needs the right to see providers.

    The text is not kept, logged, sent anywhere, or shown again.
    """
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = PasteForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"title": "Check a configuration of OpenMetadata", "form": form}
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["content"].replace("\r\n", "\n").encode("utf-8", "replace")
        context["findings"] = shown(form.cleaned_data["file"], lint_configuration(content))
        context["form"] = PasteForm(initial={"file": form.cleaned_data["file"]})
    elif request.method == "POST":
        context["form"] = PasteForm(initial={"file": form.cleaned_data.get("file", "")})
        context["refused"] = [error for errors in form.errors.values() for error in errors]
    return _page(model_admin, request, "openmetadata_lint.html", context)


def _files(provider: Provider, target: str, form: ExportForm) -> list[File]:
    if not form.is_valid():
        return []
    try:
        return export_files(provider=provider, target=target, **form.cleaned_data)
    except ExportRefused as refused:
        form.add_error(None, " ".join(filter(None, [refused.message, refused.expected])))
        return []


def _download(files: list[File], name: str) -> HttpResponse:
    file = next((file for file in files if file.name == name), None)
    if file is None:
        raise Http404
    response = HttpResponse(file.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["Cache-Control"] = "no-store"
    return response


def _query(options: dict[str, str], **changes: str) -> str:
    return urlencode({name: value for name, value in {**options, **changes}.items() if value})


def _page(
    model_admin: AnyModelAdmin, request: HttpRequest, template: str, context: dict[str, Any]
) -> HttpResponse:
    every = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts}
    response = TemplateResponse(request, f"admin/providers/provider/{template}", {**every, **context})
    response["Cache-Control"] = "no-store"
    return response


assert TITLES.keys() == TARGETS.keys()  # noqa: S101 - a new target needs a title
