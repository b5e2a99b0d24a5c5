"""Forged ways back: parameters altered, removed, repeated and added, another path, method or browser."""

from hypothesis import strategies as st

from tests.providers.fuzz.fuzz_case import Case
from tests.providers.fuzz.fuzz_jwt import Jwt
from tests.providers.fuzz.fuzz_values import CHANGES, LIKE_TEXT, NEAR, REMOVED, SURE, Raw

TEXTS = st.one_of(
    st.sampled_from(LIKE_TEXT),
    st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60),
    st.just("x" * 60_000),
)
BOUND = ("state", "code", "iss")
PATHS = ["/callback", "/callback/other", "/callback/posting"]
BROWSERS = ["none", "of another browser", "malformed"]


def _text_of(value):
    return value if isinstance(value, str) else str(value.text if isinstance(value, Raw) else value)


def sure_callbacks():
    """Every bound parameter changed in the ways that count, twice and under another name; every other door."""
    changed = [_changed(name, change) for name in BOUND for change in SURE]
    again = [_again(name, value, first) for name in BOUND for value in (None, "x") for first in (True, False)]
    elsewhere = [_elsewhere(path, "") for path in PATHS]
    browsers = [_by_browser(cookies, "") for cookies in BROWSERS]
    return [
        *changed,
        *again,
        *elsewhere,
        *browsers,
        _added("error", "x"),
        _posted("its own", ""),
        _posted("none", ""),
    ]


def of_callback():
    """Answers by redirect, in the code flow."""
    names = st.sampled_from(BOUND)
    return st.one_of(
        st.builds(_changed, names, CHANGES),
        st.builds(_changed, names, TEXTS.map(lambda text: _Constant(text))),
        st.builds(_again, names, st.one_of(st.none(), TEXTS), st.booleans()),
        st.builds(
            _added,
            st.sampled_from(["error", "error_description", "error_uri", "id_token", "access_token"]),
            TEXTS,
        ),
        st.builds(_added, st.text(max_size=8), TEXTS),
        st.builds(_renamed, names, st.sampled_from(NEAR[:14])),
        st.builds(_elsewhere, st.sampled_from(PATHS), TEXTS),
        st.builds(_by_browser, st.sampled_from(BROWSERS), TEXTS),
        st.builds(_posted, st.sampled_from(["its own", "none"]), TEXTS),
    )


class _Constant:
    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return f"{self._text!r:.80}"

    def apply(self, _):
        return self._text


def _case(what, hook, must=True):
    case = Case(what, must)

    def bent(world, arrival):
        found = hook(world, arrival)
        case.must_refuse = case.must_refuse if found is None else found
        return arrival

    case.callback = bent
    return case


def _changed(name, change):
    def hook(world, arrival):
        honest = dict(arrival.pairs)[name]
        value = change.apply(honest)
        others = [pair for pair in arrival.pairs if pair[0] != name]
        arrival.pairs = others if value is REMOVED else [*others, (name, _text_of(value))]
        return value is REMOVED or _text_of(value) != honest

    return _case(f"{name}: {change}", hook)


def _again(name, value, first):
    """RFC 6749 section 3.1: a parameter comes once, whatever the second one says."""

    def hook(world, arrival):
        pair = (name, dict(arrival.pairs)[name] if value is None else value)
        arrival.pairs = [pair, *arrival.pairs] if first else [*arrival.pairs, pair]

    return _case(f"{name} a second time, as {value!r:.60}", hook)


def _added(name, value):
    def hook(world, arrival):
        again = name in dict(arrival.pairs)
        arrival.pairs.append((name, value))
        return again or (name == "error" and value != "")

    return _case(f"{name!r} beside: {value!r:.60}", hook)


def _renamed(name, change):
    def hook(world, arrival):
        arrival.pairs = [(change.apply(key) if key == name else key, value) for key, value in arrival.pairs]

    return _case(f"the name {name}: {change}", hook)


def _elsewhere(path, noise):
    def hook(world, arrival):
        arrival.path = path
        arrival.pairs.append(("noise", noise))

    return _case(f"at {path} with {noise!r:.40}", hook)


def _by_browser(cookies, noise):
    def hook(world, arrival):
        arrival.cookies = cookies
        arrival.pairs.append(("noise", noise))

    return _case(f"with cookies: {cookies}, {noise!r:.40}", hook)


def _posted(cookies, noise):
    """A form where a redirect was asked for."""

    def hook(world, arrival):
        arrival.method, arrival.cookies = "POST", cookies
        arrival.pairs.append(("noise", noise))

    return _case(f"as a form, cookies: {cookies}, {noise!r:.40}", hook)


def of_posted_answer(forgeries):
    """Answers by form in the implicit flow: parameters, and the ID token that comes with them."""
    names = st.sampled_from(["state", "id_token"])
    return st.one_of(
        st.builds(_changed, names, CHANGES),
        st.builds(
            _again, st.sampled_from(["state", "id_token", "iss"]), st.one_of(st.none(), TEXTS), st.booleans()
        ),
        st.builds(_added, st.sampled_from(["error", "error_description", "code", "unknown"]), TEXTS),
        st.builds(_by_browser, st.sampled_from(BROWSERS), TEXTS),
        forgeries.map(posted),
        forgeries.map(posted),
        forgeries.map(posted),
    )


def posted(forgery):
    """The case whose ID token comes in a form."""
    what, forge = forgery

    def hook(world, arrival):
        case.named = False  # without userinfo it is the ID token that names her
        honest = Jwt(dict(arrival.pairs)["id_token"], world.op.keys.ec[0])
        text, must = forge(honest, world)
        arrival.pairs = [(name, text if name == "id_token" else value) for name, value in arrival.pairs]
        return must

    case = _case(f"posted {what}", hook)
    return case
