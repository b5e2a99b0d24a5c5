"""What people call their browsers."""

import pytest

from providers.account.views import browser_name

MOZILLA, WEBKIT = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"
X11, MAC, WINDOWS = (
    "(X11; Linux x86_64)",
    "(Macintosh; Intel Mac OS X 10_15_7)",
    "(Windows NT 10.0; Win64; x64)",
)
IPHONE = "(iPhone; CPU iPhone OS 18_5 like Mac OS X)"
ANDROID = "(Linux; Android 15; Pixel 9)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (f"{MOZILLA} {WINDOWS} {WEBKIT} Chrome/156.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} {WINDOWS} {WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge on Windows"),
        (f"{MOZILLA} {X11} {WEBKIT} Chrome/156.0.0.0 Safari/537.36 OPR/120.0.0.0", "Opera on Linux"),
        (f"{MOZILLA} {MAC} {WEBKIT} Version/18.5 Safari/605.1.15", "Safari on macOS"),
        (f"{MOZILLA} {IPHONE} {WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{MOZILLA} {IPHONE} {WEBKIT} CriOS/156.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{MOZILLA} {IPHONE} {WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/604.1", "Firefox on iPhone"),
        (f"{MOZILLA} {ANDROID} {WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"{MOZILLA} {ANDROID} {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            f"{MOZILLA} (X11; CrOS x86_64 15917.71.0) {WEBKIT} Chrome/156.0.0.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        ("curl/8.5.0", "Unknown browser"),
        ("Linux", "Unknown browser on Linux"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_and_its_system(user_agent, name):
    assert browser_name(user_agent) == name
