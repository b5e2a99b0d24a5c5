"""nginx as deploy/ configures it, with a certificate by an authority that this run has made."""

import datetime
import shutil
import signal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.machines.parts import Part
from tests.support.optional import missing
from tests.support.servers import ROOT

CONFIGURATION = """
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {shared}/http.conf;
    access_log {folder}/access.log console_without_query;
    upstream console {{
        zone console 64k;
        {servers}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        server_name localhost;
        ssl_certificate {folder}/localhost.pem;
        ssl_certificate_key {folder}/localhost.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        include {shared}/server.conf;
    }}
}}
"""


class Nginx(Part):
    def __init__(self, folder, *, user=""):
        super().__init__(folder)
        self.url = f"https://localhost:{self.port}"
        self.authority = make_certificates(folder)
        self.configuration = folder / "nginx.conf"
        self._user = user

    def serve(self, ports):
        servers = [f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports]
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                shared=ROOT / "deploy" / "nginx",
                servers="\n        ".join(servers),
                port=self.port,
                user=self._user,
            )
        )
        return self

    def command(self):
        program = shutil.which("nginx") or missing("nginx", "apt-get install nginx-light")
        return [program, "-c", str(self.configuration), "-p", str(self.folder), "-g", "daemon off;"]

    def reload(self):
        self.child.process.send_signal(signal.SIGHUP)


def make_certificates(folder):
    """Write localhost.pem and localhost.key; return the path of the authority to trust."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("Authority of this run", authority_key, authority_key, "Authority of this run")
    certificate = _certificate("localhost", key, authority_key, "Authority of this run", host="localhost")
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "localhost.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "localhost.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "authority.pem"


def _certificate(subject, key, signer, issuer, *, host=None):
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if host is None:
        builder = builder.add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(signer, hashes.SHA256())
