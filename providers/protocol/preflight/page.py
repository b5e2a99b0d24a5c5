"""A web page as a person would read it: its words, its forms, and whether it asks who he is."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSEEN = ("script", "style", "template", "noscript")
_ASKS = ("password", "email", "text", "tel")


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """`words` is the visible text, `forms` each with its hidden fields; `asks` is whether something can be typed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.forms: list[Form] = []
        self.asks = False
        self._unseen = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input":
            self._input(given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words += f" {data.strip()}" if data.strip() else ""

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower()
        if kind in _ASKS:
            self.asks = True
        elif kind == "hidden" and self.forms:
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")
