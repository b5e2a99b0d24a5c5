"""GET and POST /token-doctor: paste a token, read what is wrong with it."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tokens.api.permissions import is_administrator
from tokens.doctor.services import explain_token
from tokens.protocol.doctor import first_failure, is_valid


@sensitive_post_parameters("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_doctor(request: HttpRequest) -> HttpResponse:
    """
    Explain the token in the form to an administrator; to everybody else there is no such page.

    The token is looked at and forgotten: it is not kept, logged, sent anywhere, or shown again.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not is_administrator(request.user):
        raise Http404
    if request.method != "POST":
        return render(request, "token_doctor.html")
    # What a person selects with the mouse often has a line break at its end, which says nothing about the token.
    checks = explain_token(request.POST.get("token", "").strip())
    context = {"checks": checks, "valid": is_valid(checks), "failure": first_failure(checks)}
    return render(request, "token_doctor.html", context)
