"""Every path of the console, found from the URL resolver, so that a new one is met by itself."""

import re

from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.regex_helper import normalize

UUID = "0f8fad5b-d9cd-4e5f-8f5e-6b1a2c3d4e5f"
SAMPLES = {"slug": "corp", "uuid": UUID, "int": "1", "path": "a/b", "str": "x"}
_PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")


def every_path(sample=SAMPLES.__getitem__):
    """All of them, `sample(converter)` in the place of each parameter; of a regular expression's too ("str")."""
    return list(dict.fromkeys(f"/{path}" for path in _below(get_resolver(), sample)))


def _below(resolver, sample):
    for entry in resolver.url_patterns:
        own = _filled(entry.pattern, sample)
        if isinstance(entry, URLResolver):
            yield from (own + rest for rest in _below(entry, sample))
        else:
            yield own


def _filled(pattern, sample):
    if isinstance(pattern, RoutePattern):
        return _PARAMETER.sub(lambda found: sample(found[1] or "str"), str(pattern))
    text, names = normalize(str(pattern))[0]
    return text % {name: sample("str") for name in names}
