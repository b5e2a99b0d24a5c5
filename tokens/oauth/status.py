"""GET /oauth/status/<n>: the status list that tokens point to; GET /oauth/status: where the lists are."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page

from tokens.errors import NoSigningKey
from tokens.oauth import answers
from tokens.oauth.door import public_endpoint
from tokens.status.freshness import KEPT
from tokens.status.published import TYP, status_list_token, status_list_uris
from tokens.status.services import find_status_list

MEDIA_TYPE = f"application/{TYP}"


@gzip_page
@public_endpoint
def status_list(request: HttpRequest, number: str) -> HttpResponse:
    """
    Answer the signed list (draft-ietf-oauth-status-list-21 section 8.1); pages of any origin may read it.

    404 for a list that does not exist, 501 for `time`, because what a list has been is not kept (section 8.4).
    """
    if "time" in request.GET:
        return _refusal(501, "The past of a list is not kept.")
    known = find_status_list(int(number))
    if known is None:
        return _refusal(404, "There is no such list.")
    try:
        token = status_list_token(known, at=timezone.now())
    except NoSigningKey as error:
        return answers.refusal(error)
    # Caches on the way keep it no longer than the console does, and the list's own ttl comes on top of that.
    return answers.public_answer(request, HttpResponse(token, content_type=MEDIA_TYPE), max_age=KEPT)


@public_endpoint
def status_lists(request: HttpRequest) -> HttpResponse:
    """Answer where the lists are that may hold a live token (section 9.2)."""
    return answers.public_document(request, {"status_lists": status_list_uris(at=timezone.now())})


def _refusal(status: int, description: str) -> HttpResponse:
    body = {"error": "invalid_request", "error_description": description}
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    response["Access-Control-Allow-Origin"] = "*"
    return response
