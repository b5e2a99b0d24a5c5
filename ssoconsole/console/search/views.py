"""GET and POST /admin/search.

Telling a name from what was pasted and may be a secret.
"""

import re

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ssoconsole.console.doctor.views import examination
from ssoconsole.console.refusals.views import find_refusal
from ssoconsole.console.search.finding import find_groups
from tokens.api.permissions import is_administrator
from tokens.protocol.client_authentication import PREFIX
from tokens.protocol.examination.text import read_unverified

# Characters; the longest that is looked up are issuers.
LONGEST = 512

# The header of a JWT is a JSON object, in base64url; before it stands what is copied along. An address has an @.
_TOKEN = re.compile(
    r"(?i)\W{0,20}(?:authorization\W{1,5})?(?:bearer\W{1,5})?(?:ey[A-Za-z0-9]|ewo)[\w-]{16,}[^@]*"
)


def is_for_the_doctor(text: str) -> bool:
    """
    Tell whether a text is, or should be, a token or a secret: it is explained, never looked up and never shown.

    What is longer than any name is taken for one too.
    """
    if len(text) > LONGEST or text.startswith(PREFIX):
        return True
    return _TOKEN.fullmatch(text) is not None or read_unverified(text).header is not None


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """
    Lead on to the one page that fits, show what fits by kind, or hand what may be a token to the token doctor.

    What is looked for comes by POST and stands in no address. A token is in no answer either.
    """
    # Neither NUL nor half a surrogate pair, which a form in another charset can have, is in any column.
    typed = request.POST.get("q", "").replace("\0", "").encode("utf-8", "replace").decode().strip()
    pasted = is_for_the_doctor(typed)
    if pasted and is_administrator(request.user):
        return examination(request, typed)
    groups = []
    if typed and not pasted:
        if found := find_refusal(typed, user=request.user):
            return HttpResponseRedirect(found.url)
        groups = find_groups(typed, request=request)
        if len(groups) == 1 and len(groups[0].hits) == 1:
            return HttpResponseRedirect(groups[0].hits[0].url)
    context = {
        **admin.site.each_context(request),
        "title": "Find anything",
        "groups": groups,
        "looked_for": "" if pasted else typed,
        "pasted": pasted,
    }
    return render(request, "admin/search.html", context)
