"""
The name, the logo and the accent colour that an operator gives the console: what is taken, and what becomes of it.

Pure but for reading the file. A colour is never refused for its contrast: it is made darker for the light scheme and
lighter for the dark one until text in it, and on it, can be read (WCAG 2.2, 1.4.3).
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

LARGEST_LOGO = 262_144  # bytes
PNG = b"\x89PNG\r\n\x1a\n"
READABLE = 4.5
Colour = tuple[int, int, int]
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# What text in the accent stands on: --paper, --surface and --sunken of tokens.css.
LIGHT = ((0xF6, 0xF5, 0xF1), WHITE, (0xEF, 0xED, 0xE7))
DARK = ((0x0E, 0x15, 0x14), (0x16, 0x1F, 0x1E), (0x1D, 0x28, 0x26))
INK = (0x06, 0x0B, 0x0A)
DRAWN = frozenset(
    {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
    | {"defs", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "symbol", "use"}
    | {"title", "desc"}
)
_URL = re.compile(r"url\(|@import|\\|javascript:|data:|expression", re.IGNORECASE)
NO_LOGO = "It is the path of a PNG or SVG picture of at most 256 KiB"


@dataclass(frozen=True, slots=True)
class Document:
    """What is served to browsers; `version` changes with what it holds."""

    body: bytes
    content_type: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:12]


def logo_file(path: str) -> str:
    """Read the path of a logo; raises ValueError with a sentence for what is no picture, or could do more than show."""
    logo_at(path)
    return path


@lru_cache(maxsize=4)
def logo_at(path: str) -> Document:
    """Return the logo in a file. Raises ValueError."""
    try:
        with Path(path).open("rb") as file:
            body = file.read(LARGEST_LOGO + 1)
    except OSError:
        raise ValueError(f"{NO_LOGO} that the console's account may read, and there is none.") from None
    if len(body) > LARGEST_LOGO:
        raise ValueError(f"{NO_LOGO}, and this one is larger.")
    if body.startswith(PNG):
        return Document(body, "image/png")
    _check_drawing(body)
    return Document(body, "image/svg+xml")


def _check_drawing(body: bytes) -> None:
    """Take shapes, text and gradients; refuse scripts, styles, foreign documents, entities and outside addresses."""
    # A zero: UTF-16 without a mark is UTF-8 with zeros, and hides from this line what the parser reads.
    if any(part in body for part in (b"\0", b"<!DOCTYPE", b"<?xml-stylesheet")):
        raise ValueError(f"{NO_LOGO}; an SVG is UTF-8, without DOCTYPE and stylesheet.")
    try:
        root = ElementTree.fromstring(body.decode("utf-8"))  # noqa: S314 - no DOCTYPE, so no entity to expand
    except (ValueError, ElementTree.ParseError):
        raise ValueError(f"{NO_LOGO}, and this is neither.") from None
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise ValueError(f"{NO_LOGO}, and this is neither.")
    for element in root.iter():
        name = str(element.tag).removeprefix("{http://www.w3.org/2000/svg}")
        if name not in DRAWN:
            raise ValueError(f"{NO_LOGO}; an SVG has shapes, text and gradients only.")
        for key, value in element.attrib.items():
            attribute = key.rpartition("}")[2].lower()
            leads_out = attribute == "href" and not value.startswith("#")
            if attribute.startswith("on") or leads_out or _URL.search(value.replace("url(#", "")):
                raise ValueError(f"{NO_LOGO}; an SVG has no scripts and no addresses.")


@lru_cache(maxsize=4)
def colours_of(accent: str) -> Document:
    """Return the stylesheet that puts `accent` (#rrggbb) in the place of the console's own colour."""
    red, green, blue = (int(accent[place : place + 2], 16) for place in (1, 3, 5))
    given = (red, green, blue)
    tint, dark_tint = mix(given, WHITE, 0.9), mix(given, DARK[1], 0.85)
    light = readable(given, on=(*LIGHT, tint), towards=BLACK)
    dark = readable(given, on=(*DARK, dark_tint), towards=WHITE)
    of_light = {
        "brand": light,
        "brand-strong": mix(light, BLACK, 0.25),
        "brand-tint": tint,
        "on-brand": WHITE,
        "focus": light,
    }
    of_dark = {
        "brand": dark,
        "brand-strong": mix(dark, WHITE, 0.35),
        "brand-tint": dark_tint,
        "on-brand": INK,
        "focus": dark,
    }
    sheet = (
        f":root {{ {_declared(of_light)} }}\n"
        "@media (prefers-color-scheme: dark) { "
        f':root:not([data-theme="light"]) {{ {_declared(of_dark)} }} }}\n'
        f':root[data-theme="dark"] {{ {_declared(of_dark)} }}\n'
    )
    return Document(sheet.encode(), "text/css; charset=utf-8")


def readable(colour: Colour, *, on: Iterable[Colour], towards: Colour) -> Colour:
    """Return the first mixture of `colour` and `towards` that can be read on every one of the grounds."""
    grounds = tuple(on)
    steps = (mix(colour, towards, step / 50) for step in range(51))
    return next(each for each in steps if all(contrast(each, ground) >= READABLE for ground in grounds))


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """Return `one` with `part`, of 0 to 1, of the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    linear: Callable[[float], float] = lambda part: (  # noqa: E731 - the standard's own formula
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
    )
    red, green, blue = (linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _declared(colours: dict[str, Colour]) -> str:
    return " ".join(f"--{name}: #{bytes(colour).hex()};" for name, colour in colours.items())
