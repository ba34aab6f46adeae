"""A certificate authority of the tests' own, and a server on loopback whose certificate is from it."""

import contextlib
import functools
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

# A list of what it has revoked, which is nothing: Windows asks for it, where the certificate says.
CONFIGURATION = """
[ca]
default_ca = authority
[authority]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 2
"""


class _Graph(BaseHTTPRequestHandler):
    """Responds as Graph does without a token."""

    def do_GET(self):
        self.send_response(401)
        self.send_header("content-length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def https(folder):
    """The address of a server that has nothing to say, and the certificate of its authority. Files go into `folder`."""
    shown = folder / "shown"
    shown.mkdir()
    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=shown))) as port:
        _certificates(folder, f"http://127.0.0.1:{port}/revoked.crl")
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Graph)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with _serving(server) as port:
            yield f"https://localhost:{port}", folder / "authority.pem"


@contextlib.contextmanager
def _serving(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _certificates(folder, revoked):
    """An authority, and the key and the certificate of `localhost` that it has signed."""
    (folder / "authority.cnf").write_text(CONFIGURATION)
    (folder / "index").touch()
    (folder / "number").write_text("01\n")
    (folder / "extensions").write_text(f"subjectAltName=DNS:localhost\ncrlDistributionPoints=URI:{revoked}\n")
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem
        openssl req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem
        openssl x509 -req -in request.pem -days 2 -CA authority.pem -CAkey authority.key -CAcreateserial \\
            -extfile extensions -out certificate.pem
        openssl ca -config authority.cnf -gencrl -keyfile authority.key -cert authority.pem -out revoked.pem
        openssl crl -in revoked.pem -outform DER -out shown/revoked.crl
    """
    subprocess.run(["bash", "-ec", script], check=True, cwd=folder, capture_output=True)
