"""A shell in which programs of somebody else's name are answered by functions of a test."""

import json
import os
import socketserver
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from functools import partial

# Hands its words and its input over, and says and returns what comes back.
PROGRAM = """\
#!{python} -SE
import json, os, socket, sys
name, text = os.path.basename(sys.argv[0]), "" if sys.stdin.isatty() else sys.stdin.read()
with socket.socket(socket.AF_UNIX) as server:
    server.connect("{address}")
    server.sendall(json.dumps([name, sys.argv[1:], text]).encode() + b"\\n")
    code, said = json.loads(server.makefile().readline())
sys.stdout.write(said), sys.exit(code)
"""


class _Answer(socketserver.StreamRequestHandler):
    def handle(self):
        name, words, text = json.loads(self.rfile.readline())
        try:
            answer = 0, self.server.programs[name](words, text)
        except (Exception, SystemExit):  # whatever it is, the script fails by it
            answer = 1, f"{name} {' '.join(words)}: {traceback.format_exc()}\n"
        self.wfile.write(json.dumps(answer).encode() + b"\n")


@contextmanager
def shell(folder, cwd, **programs):
    """
    Give a function that carries out a script and returns what it said; an AssertionError has it when it failed.

    Each program is a function of its words and its standard input; it returns its standard output, and fails by an
    AssertionError.
    """
    address, found = folder / "socket", folder / "bin"
    found.mkdir()
    for name in programs:
        (found / name).write_text(PROGRAM.format(python=sys.executable, address=address))
        (found / name).chmod(0o755)
    environment = {"PATH": f"{found}:{os.environ['PATH']}", "HOME": str(folder)}
    with socketserver.ThreadingUnixStreamServer(str(address), _Answer) as server:
        server.programs = programs
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield partial(_run, cwd, environment)
        server.shutdown()


def _run(cwd, environment, script, *, text="", **variables):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd, env=environment | variables, input=text, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout
