"""The kinds of registration that every module is run for."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.scripted.onelogin import look_like_onelogin


@dataclass(frozen=True)
class Profile:
    """A kind of provider, what administrators call it, and how the scripted provider comes to look like it."""

    key: str
    title: str
    kind: str
    shape: Callable


CUSTOM, ONELOGIN = "custom", "onelogin"
PROFILES = (
    Profile(CUSTOM, "custom OIDC", "custom-oidc", lambda op: None),
    Profile(ONELOGIN, "OneLogin", "onelogin", look_like_onelogin),
)
