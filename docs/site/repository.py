"""
What the site takes from outside of docs/: README.md as its home page, and whatever else of the repository is linked to.

The documents stay as they are read in the repository. Their relative links are followed from where they stand there.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
HOME = {"index.md": "README.md"}
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md")
DECISIONS = "decisions/index.md"
# What stands within a numbered step begins after three spaces there, and after four for the site's Markdown.
STEP = re.compile(r"^\d+\. .*\n(?: {3}.*\n|\n(?= {3}))+", re.MULTILINE)
# In a cell of a table a bar within code is escaped in the repository, and stands as it is for the site's Markdown.
CELLS = re.compile(r"^ *\|.*", re.MULTILINE)
CODE = re.compile(r"`[^`]+`")
NAMED_BY_FILE = re.compile(r"\[([\w-]+\.md)\]\(")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(?=[)#])")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Every decision has its place in the navigation, under its title."""
    chosen = [{title.replace("`", ""): path} for path, title in _decisions()]
    explanation = next(part["Explanation"] for part in config.nav if "Explanation" in part)
    explanation.append({"Decisions": [DECISIONS, *chosen]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    listed = "".join(f"* [{title}]({Path(path).name})\n" for path, title in _decisions())
    files.append(File.generated(config, DECISIONS, content=f"# Decisions\n\n{listed}"))
    files.append(File.generated(config, "logo.svg", abs_src_path=str(ROOT / "static/img/logo.svg")))
    for page, source in (HOME | {name: name for name in BESIDE}).items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for file in list(files.documentation_pages()):
        for target in LINK.findall(file.content_string):
            path = _path_in_site(file.src_uri, target)
            if path not in files.src_uris and (ROOT / path).is_file():
                files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """
    Put the page as the site's Markdown has it; a page that is named by its file is named by its title.

    A link that leads nowhere is left as it is, for MkDocs to complain of.
    """
    here = page.file.src_uri

    def in_site(found: re.Match[str]) -> str:
        path = _path_in_site(here, found[1])
        return posixpath.relpath(path, posixpath.dirname(here) or ".") if path in files.src_uris else found[1]

    def by_title(found: re.Match[str]) -> str:
        file = files.get_file_from_path(found[1])
        return f"[{_title(file.content_string)}](" if file else found[0]

    markdown = CELLS.sub(lambda row: CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), markdown)
    markdown = NAMED_BY_FILE.sub(by_title, markdown)
    markdown = STEP.sub(lambda step: step[0].replace("\n   ", "\n    ") + "\n", markdown)
    return LINK.sub(in_site, markdown)


def _path_in_site(page: str, target: str) -> str:
    """Where the site has what a page of it links to, by the place of the page in the repository."""
    place = HOME.get(page, page if page in BESIDE else f"docs/{page}")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
    path = {"README.md": "index.md", "docs/decisions": f"docs/{DECISIONS}"}.get(path, path)
    return path.removeprefix("docs/")


def _decisions() -> list[tuple[str, str]]:
    """The path of each and its title."""
    found = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    return [(f"decisions/{path.name}", _title(path.read_text())) for path in found]


def _title(markdown: str) -> str:
    return markdown.partition("\n")[0].lstrip("# ")
