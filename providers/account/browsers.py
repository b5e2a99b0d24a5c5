"""What a person would call a browser, from its `User-Agent` header; a hint for her and never a proof."""

from django.utils.translation import gettext, gettext_noop

UNKNOWN = gettext_noop("Unknown browser")
# The first that fits decides: most browsers also name the ones they want to be taken for.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
)


def browser_name(user_agent: str) -> str:
    """Return a name such as "Firefox on Linux"; "Unknown browser" for what is none of the usual ones."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), UNKNOWN)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    shown = gettext(browser) if browser == UNKNOWN else browser
    return gettext("%(browser)s on %(system)s") % {"browser": shown, "system": system} if system else shown
