"""How browsers reach the console."""

from django.conf import settings

from ssoconsole.console.checklist.item import Found, Item, Situation, bad, good, untold
from ssoconsole.platform.values import host_of

HALF_A_YEAR = 15_552_000  # seconds
WIDEST = {4: 8, 6: 16}  # a prefix shorter than this is most of the internet


def base_url_is_https(situation: Situation) -> Found:
    return good("It is.") if settings.BASE_URL.startswith("https://") else bad("It is plain http.")


def debug_is_off(situation: Situation) -> Found:
    return bad("It is on.") if settings.DEBUG else good("It is off.")


def cookies_are_protected(situation: Situation) -> Found:
    wrong = [
        name
        for name, right in (
            ("SESSION_COOKIE_SECURE", settings.SESSION_COOKIE_SECURE),
            ("CSRF_COOKIE_SECURE", settings.CSRF_COOKIE_SECURE),
            ("SESSION_COOKIE_HTTPONLY", settings.SESSION_COOKIE_HTTPONLY),
            ("SESSION_COOKIE_SAMESITE", settings.SESSION_COOKIE_SAMESITE in ("Lax", "Strict")),
        )
        if not right
    ]
    return bad(f"Off: {', '.join(wrong)}.") if wrong else good("Secure, HttpOnly and SameSite.")


def browsers_insist_on_https(situation: Situation) -> Found:
    seconds = settings.SECURE_HSTS_SECONDS
    return good(f"For {seconds} seconds.") if seconds >= HALF_A_YEAR else bad("Not for half a year.")


def hosts_are_named(situation: Situation) -> Found:
    name = host_of(settings.BASE_URL)
    if [*settings.ALLOWED_HOSTS] != [name]:
        return bad(f"ALLOWED_HOSTS is {', '.join(settings.ALLOWED_HOSTS) or 'empty'}.")
    return good(f"Only {name}.")


def proxies_are_few(situation: Situation) -> Found:
    wide = [
        str(network) for network in settings.TRUSTED_PROXIES if network.prefixlen < WIDEST[network.version]
    ]
    if wide:
        return bad(f"{', '.join(wide)} is most of the internet.")
    if not settings.TRUSTED_PROXIES:
        return bad("None is named: everybody has the proxy's address, and no request is seen to be https.")
    if not settings.TRUSTED_PROXY_HEADER:
        return bad("No header of theirs is named: nobody behind them has an address.")
    return good(f"{', '.join(map(str, settings.TRUSTED_PROXIES))}, by {settings.TRUSTED_PROXY_HEADER}")


def the_proxy_says_https(situation: Situation) -> Found:
    if situation.request is None:
        return untold("Only the page can tell, by its own request.")
    if situation.request.is_secure():
        return good("This request came by https.")
    return bad("This request came by http, as far as a trusted proxy has said.")


def no_loopback_provider(situation: Situation) -> Found:
    return bad("They are admitted.") if settings.ALLOW_LOOPBACK_PROVIDERS else good("They are refused.")


ITEMS = (
    Item(
        "base_url_https",
        "Exposure",
        "BASE_URL is https",
        "Serve the console by https and set BASE_URL to that origin.",
        base_url_is_https,
    ),
    Item("debug_off", "Exposure", "DEBUG is off", "Set DEBUG=false.", debug_is_off),
    Item(
        "cookie_flags",
        "Exposure",
        "Cookies are Secure, HttpOnly and SameSite",
        "They follow BASE_URL: make it https.",
        cookies_are_protected,
    ),
    Item(
        "hsts",
        "Exposure",
        "Browsers insist on https (HSTS)",
        "It follows BASE_URL: make it https.",
        browsers_insist_on_https,
    ),
    Item(
        "allowed_hosts",
        "Exposure",
        "Only the console's own name is served",
        "ALLOWED_HOSTS follows BASE_URL while DEBUG is off.",
        hosts_are_named,
    ),
    Item(
        "trusted_proxies",
        "Exposure",
        "The proxies are named, and no more than they",
        "Set TRUSTED_PROXIES to the addresses of your proxies, as narrow as can be, and TRUSTED_PROXY_HEADER.",
        proxies_are_few,
    ),
    Item(
        "proxy_https",
        "Exposure",
        "The proxy says that a request came by https",
        "Name it in TRUSTED_PROXIES, and the header that it replaces in TRUSTED_PROXY_HEADER.",
        the_proxy_says_https,
    ),
    Item(
        "loopback_providers_off",
        "Exposure",
        "Providers on loopback or plain http are refused",
        "Set ALLOW_LOOPBACK_PROVIDERS=false.",
        no_loopback_provider,
    ),
)
