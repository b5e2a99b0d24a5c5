"""The documentation as a site: whole, read without a network, and not built with a link that leads nowhere."""

import functools
import html.parser
import http.server
import os
import re
import shutil
import subprocess
import threading

import pytest
from playwright.sync_api import expect

from tests.ssoconsole.pages.test_accessibility_in_browser import AXE, complaints_about
from tests.support.optional import missing
from tests.support.servers import ROOT

PYTHON = ROOT / ".venv-docs" / "bin" / "python"
LINKED = ("static", "tests", "examples", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
# What makes a browser fetch something by itself.
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


def build(project, out):
    """Exit status and what was said."""
    if not PYTHON.exists():
        missing("MkDocs", "make docs")
    command = [PYTHON, "-m", "mkdocs", "build", "--config-file", project / "mkdocs.yml", "--site-dir", out]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    status, said = build(ROOT, out)
    assert status == 0, said
    return out


@pytest.fixture
def served(site):
    """Its address on this machine."""
    handler = functools.partial(QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def copy(tmp_path):
    """The project, with documents that a test may change."""
    for part in LINKED:
        (tmp_path / part).symlink_to(ROOT / part)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """A test's output is for what fails."""


class Fetched(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in FETCHED and (address := dict(attrs).get(FETCHED[tag])):
            self.found.append(address)


def test_every_document_and_decision_is_a_page(site):
    docs = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")]
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in docs]
    assert [str(page) for page in pages if not (site / page).exists()] == []
    assert "SSO Console" in (site / "index.html").read_text()


def test_no_page_fetches_anything_from_elsewhere(site):
    found = {address for page in site.rglob("*.html") for address in Fetched(page.read_text()).found}
    assert len(found) > 10
    assert [address for address in found if "//" in address] == []


def test_no_page_shows_markdown_that_was_not_read(site):
    """The site's Markdown is not quite the repository's: lists, fences, tables, and bars that are escaped in cells."""
    found = {}
    for page in site.rglob("*.html"):
        text = page.read_text().partition("<article")[2].partition("</article>")[0]
        text = re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
        cells = re.findall(r"<code>[^<]*\\\|[^<]*</code>", text)
        text = re.sub(r"<code.*?</code>", "", text, flags=re.DOTALL)
        left = re.findall(r"^(?:\* |\d+\. |\| ).*|```.*|\]\(.*", text, re.MULTILINE)
        if cells or left:
            found[page.name] = cells + left
    assert found == {}


def test_a_search_finds_a_page_and_the_browser_asks_nobody_else(served, quiet_page):
    quiet_page.goto(f"{served}/index.html")
    quiet_page.get_by_role("textbox", name="Search").fill("break-glass")
    expect(quiet_page.get_by_role("link", name="The first administrator").last).to_be_visible()
    quiet_page.goto(f"{served}/commands.html")
    expect(quiet_page.get_by_role("heading", name="rotate_signing_key")).to_be_visible()


def test_nothing_stands_in_anybody_s_way(served, quiet_page):
    """On a page with pictures and on one with code and tables, as on the pages of the console."""
    if not AXE.exists():
        missing("axe-core", "make tests/support/clients/node_modules")
    found = {}
    for name in ("tutorial", "keys"):
        quiet_page.goto(f"{served}/{name}.html")
        quiet_page.evaluate(AXE.read_text())
        if complaints := complaints_about(quiet_page):
            found[name] = complaints
    assert found == {}


# What a document may say that leads nowhere, and what names it in the complaint.
LINKS = {
    "[x](no-such-page.md)": "'no-such-page.md'",
    "[x](keys.md#no-such-heading)": "'#no-such-heading'",
    "[x](../examples/no_such_file.py)": "'../examples/no_such_file.py'",
    "![x](images/no-such-picture.png)": "'images/no-such-picture.png'",
}


def test_links_that_lead_nowhere_and_a_page_without_a_place_fail(copy):
    with (copy / "docs" / "high-availability.md").open("a") as page:
        page.writelines(f"\n{line}\n" for line in LINKS)
    (copy / "docs" / "orphan.md").write_text("# Nobody finds this\n")
    status, said = build(copy, copy / "out")
    assert status != 0
    assert [complaint for complaint in (*LINKS.values(), "orphan.md") if complaint not in said] == []
    assert said.count("WARNING") == len(LINKS) + 1
