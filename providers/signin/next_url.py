"""Where to go after signing in: a page of this console, or nowhere."""

from urllib.parse import urlencode

from django.conf import settings

from ssoconsole.http.methods import has_page

LONGEST = 2000


def local_target(target: str | None) -> str:
    """
    Return `target` as an absolute path of this console, or "" when it leads elsewhere, is too long, or takes only POST.

    Takes a path, or a URL that starts with BASE_URL and a slash. Browsers read a backslash as a slash and
    drop tabs and line ends, so that `/\\t/host` is another host; nothing of the kind is repaired, it is
    refused.
    """
    if not target or len(target) > LONGEST:
        return ""
    path = target.removeprefix(settings.BASE_URL)
    if not path.startswith("/") or path.startswith("//"):
        return ""
    if "\\" in path or any(not character.isprintable() or character.isspace() for character in path):
        return ""
    return path if has_page(path) else ""


def with_next(path: str, next_url: str, **more: str) -> str:
    """Return a path of ours with `next` and the parameters in `more`, leaving out the empty ones."""
    params = {name: value for name, value in {"next": next_url, **more}.items() if value}
    return f"{path}?{urlencode(params)}" if params else path
