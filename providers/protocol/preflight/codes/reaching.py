"""What is wrong on the way to the provider: name, connection, certificate, clock."""

from providers.protocol.preflight.codes.code import Code, Codes

REACHING: Codes = {
    "host_unresolved": Code(
        "error",
        "The provider's host name has no address.",
        "Look for a typing error in the issuer's host, and let this machine's name server know the name.",
    ),
    "loopback_refused": Code(
        "error",
        "The issuer leads to the console's own machine.",
        "Give the provider an address of its own: in production loopback addresses are never asked. For "
        "development there is ALLOW_LOOPBACK_PROVIDERS.",
    ),
    "address_refused": Code(
        "error",
        "The issuer leads to an address that is never asked.",
        "Correct the issuer's host or its DNS entry: metadata services, link-local and reserved addresses stay out "
        "of reach, and one of them among several refuses the name.",
    ),
    "connection_refused": Code(
        "error",
        "Nobody listens at the provider's address and port.",
        "Start the provider, or correct the port of the issuer.",
    ),
    "connection_timed_out": Code(
        "error",
        "The provider's address does not answer.",
        "Let the firewall pass connections from this console to the provider; check routes and proxies.",
    ),
    "connection_failed": Code(
        "error",
        "No connection to the provider's address is possible.",
        "Check the network between this console and the provider; the reason is the operating system's.",
    ),
    "certificate_expired": Code(
        "error",
        "The provider's certificate has expired.",
        "Renew the certificate at the provider, and look why it was not renewed by itself.",
    ),
    "certificate_not_yet_valid": Code(
        "error",
        "The provider's certificate is not valid yet.",
        "Set the clock of this console right; if it is, the provider has the wrong certificate installed.",
    ),
    "certificate_self_signed": Code(
        "error",
        "The provider's certificate is self-signed.",
        "Give the provider a certificate of an authority, or install that authority on this machine and name its "
        "file in SSL_CERT_FILE.",
    ),
    "certificate_authority_unknown": Code(
        "error",
        "The provider's certificate comes from an authority that this machine does not know.",
        "Let the provider send the whole chain with its intermediate certificates; an authority of your own has "
        "to be installed on this machine or named in SSL_CERT_FILE.",
    ),
    "certificate_wrong_name": Code(
        "error",
        "The provider's certificate is for another name.",
        "Spell the issuer with a name that the certificate has, or let the provider get one for this name.",
    ),
    "certificate_refused": Code(
        "error",
        "The provider's certificate is not accepted.",
        "Renew the certificate; the reason is OpenSSL's.",
    ),
    "certificate_ends_soon": Code(
        "warning",
        "The provider's certificate ends within 30 days, or is in the last third of a shorter life.",
        "Renew the certificate at the provider before nobody can sign in.",
    ),
    "tls_failed": Code(
        "error",
        "No TLS connection with the provider comes about.",
        "Check that the port of the issuer speaks https, and that the provider offers TLS 1.2 or later.",
    ),
    "tls_timed_out": Code(
        "error",
        "The provider does not finish the TLS handshake.",
        "Look for a firewall or a load balancer that holds connections open, and for an overloaded provider.",
    ),
    "clock_skew": Code(
        "error",
        "This console's clock and the provider's differ by more than the leeway.",
        "Set both clocks by NTP; the leeway is for seconds, not for a wrong clock.",
    ),
    "clock_drift": Code(
        "warning",
        "This console's clock and the provider's drift apart.",
        "Set both clocks by NTP before the difference is larger than the leeway.",
    ),
}
