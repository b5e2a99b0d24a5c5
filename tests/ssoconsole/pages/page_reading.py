"""What a browser, a screen reader and a content security policy would make of a page."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

URLS = {"href", "src", "action", "formaction", "srcset", "poster", "data"}


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.elements, self.text_of, self._open = [], {}, []
        self.doctype = ""
        self.feed(html)

    def handle_decl(self, decl):
        self.doctype = decl.lower()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in set(self._open):
            self.text_of[tag] = self.text_of.get(tag, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag):
        return " ".join(self.text_of.get(tag, "").split())

    def inline_code(self):
        """Everything that `default-src 'self'` would refuse to run or to apply."""
        found = [tag for tag, attributes in self.elements if tag == "style"]
        found += ["script" for attributes in self.all("script") if "src" not in attributes]
        for tag, attributes in self.elements:
            found += [f"{tag} {name}" for name in attributes if name == "style" or name.startswith("on")]
        return found

    def urls(self):
        return [
            value for _, attributes in self.elements for name, value in attributes.items() if name in URLS
        ]

    def outside_urls(self):
        parts = [(url, urlsplit(url or "")) for url in self.urls()]
        return [
            url
            for url, part in parts
            if part.netloc or part.scheme in ("http", "https", "data", "javascript")
        ]

    def unlabelled_fields(self):
        labels = {attributes.get("for") for attributes in self.all("label")}
        fields = [field for tag in ("input", "select", "textarea") for field in self.all(tag)]
        typed = [field for field in fields if field.get("type") not in ("hidden", "submit")]
        return [field for field in typed if field.get("id") not in labels and "aria-label" not in field]
