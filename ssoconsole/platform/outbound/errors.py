"""Why a request to somebody else was refused or failed, as facts with stable codes."""

from typing import ClassVar


class OutboundError(Exception):
    """
    No usable response; the subclass says why.

    `code` is stable snake_case. `detail` is one sentence for the administrator: it may name host, address,
    status and media type, and never holds a path, a query, a header value, a body or a credential.
    """

    code: ClassVar[str] = "outbound_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UrlRefused(OutboundError):
    """The URL is malformed or written so that two readers could see two hosts in it (RFC 3986)."""

    code = "url_refused"


class SchemeRefused(OutboundError):
    """The URL is neither https nor, where that is allowed, http."""

    code = "scheme_refused"


class RequestHeaderRefused(OutboundError):
    """A request header cannot be sent: not RFC 9110 characters, or one that is this package's own."""

    code = "header_refused"


class HostUnresolved(OutboundError):
    """The name has no address, or the resolver did not answer in time."""

    code = "host_unresolved"


class NameUnknown(HostUnresolved):
    """The name server has answered, and knows no such name."""


class AddressRefused(OutboundError):
    """The name leads, at least in part, to an address that no request may go to."""

    code = "address_refused"


class ConnectFailed(OutboundError):
    """No address of the host accepted a connection in time."""

    code = "connect_failed"


class TlsFailed(OutboundError):
    """No TLS 1.2 or later with a certificate that is valid for the name."""

    code = "tls_failed"


class CertificateRefused(TlsFailed):
    """
    TLS was spoken, and the certificate does not count; no other TlsFailed is about certificates.

    `verify_code` is OpenSSL's number for the reason (X509_V_ERR_…).
    """

    def __init__(self, detail: str, verify_code: int) -> None:
        super().__init__(detail)
        self.verify_code = verify_code


class ResponseTimeout(OutboundError):
    """The peer was silent for too long, or the exchange as a whole took too long."""

    code = "response_timeout"


class ResponseTooLarge(OutboundError):
    """The head or the body of the response is longer than anything expected here."""

    code = "response_too_large"


class RedirectRefused(OutboundError):
    """The answer is a redirect, and redirects are not followed."""

    code = "redirect_refused"


class ContentTypeRefused(OutboundError):
    """A successful answer has another media type than the caller reads."""

    code = "content_type_refused"


class ProtocolBroken(OutboundError):
    """What came back is not a whole HTTP/1.1 response (RFC 9112)."""

    code = "protocol_broken"
