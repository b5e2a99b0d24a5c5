"""What a provider sends the browser back with, caught before it reaches the console."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Callback:
    """The redirect back (`form` is None) or the form to be posted (`response_mode=form_post`)."""

    url: str
    form: dict | None = None

    @property
    def params(self):
        """The response's parameters, wherever the provider put them."""
        if self.form is not None:
            return self.form
        parts = urlsplit(self.url)
        return dict(parse_qsl(parts.query or parts.fragment))

    @property
    def path(self):
        """Path and query, as a Django test client wants them."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def deliver(self, session, **kwargs):
        """Carry it to the console with a plain HTTP client."""
        if self.form is None:
            return session.get(self.url, **kwargs)
        return session.post(self.url, data=self.form, **kwargs)
