"""
What people read, as messages to translate: found in the templates and modules that say it.

`python -m tests.ssoconsole.messages` writes every new message into the .po files of `ssoconsole/locale/`, drops the
ones that nothing says any more, and makes the .mo files, which are what the console reads. It needs no gettext.
"""

import ast
import os
import re
import struct
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "ssoconsole" / "locale"
# By Django's name of the folder: the rule of the language's plurals.
LANGUAGES = {
    "de": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "ja": "nplurals=1; plural=0;",
    "zh_Hans": "nplurals=1; plural=0;",
}
# Their readers administer, and read English.
FOR_ADMINISTRATORS = {"api_docs.html", "token_doctor.html", "_search.html", "_for_administrators.html"}
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "_"}
Message = tuple[str, ...]  # the text, or its singular and plural


def templates():
    named = {path.name for path in (ROOT / "templates").glob("*.html")} - FOR_ADMINISTRATORS
    return sorted(named | {"admin/login.html"})


def of_templates():
    """The messages of every template that people see."""
    from django.template.loader import get_template
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    found = {}
    for name in templates():
        for node in _nodes_of(get_template(name).template):
            if isinstance(node, TranslateNode):
                if text := node.filter_expression.var.literal:  # what a variable holds is of a table, below
                    found.setdefault((text,), name)
            elif isinstance(node, BlockTranslateNode):
                text = (node.render_token_list(node.singular)[0],)
                if node.plural:
                    text += (node.render_token_list(node.plural)[0],)
                found.setdefault(text, name)
    return found


def _nodes_of(template):
    from django.template.base import Node

    return template.nodelist.get_nodes_by_type(Node)


def of_modules():
    """The texts that modules hand to gettext as they stand."""
    found = {}
    for app in ("ssoconsole", "providers", "tokens"):
        for path in sorted((ROOT / app).rglob("*.py")):
            text = path.read_text()
            if "django.utils.translation" not in text:
                continue
            for call in ast.walk(ast.parse(text)):
                name = getattr(getattr(call, "func", None), "id", "") if isinstance(call, ast.Call) else ""
                count = 1 if name in CALLS else 2 if name == "ngettext" else 0
                words = (
                    [each.value for each in call.args[:count] if isinstance(each, ast.Constant)]
                    if count
                    else []
                )
                if words:
                    found.setdefault(tuple(words), str(path.relative_to(ROOT)))
    return found


def of_tables():
    """The texts that tables hold, and that the page around them translates."""
    from providers.signin.guard import PAGES
    from tokens import errors
    from tokens.models import Credential
    from tokens.protocol.access_token import WORDS, shown_lifetime
    from tokens.refusals.meanings import REFUSAL_MEANINGS

    found = {}
    for page in PAGES.values():
        found.update({(text,): "providers/signin/guard.py" for text in (page.title, page.advice) if text})
    found.update({(shown_lifetime(word),): "tokens/protocol/access_token.py" for word in WORDS})
    found.update({(label,): "tokens/models/credential.py" for label in Credential.Kind.labels})
    found.update({(error().message,): "tokens/errors.py" for error in told_to_owners(errors)})
    happened = {meaning.happened for meaning in REFUSAL_MEANINGS.values()}
    return {(text,): "tokens/refusals/meanings.py" for text in happened} | found


def told_to_owners(errors):
    """What the services that a bot's owner calls can refuse by."""
    return (
        *(errors.BotRetired, errors.BotDisabled, errors.ExpiryInvalid, errors.SecretInUse),
        *(errors.NotGranted, errors.LifetimeTooLong, errors.LifetimeInvalid, errors.UnknownScope),
        *(errors.AudienceDisabled, errors.TooManyTokens, errors.NoSigningKey, errors.UnauthorizedClient),
    )


def every_message():
    return of_templates() | of_modules() | of_tables()


def read_po(path):
    """Return header, {message: translations} and the fuzzy messages of a .po file."""
    translations, fuzzy = {}, []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        ids, texts, current = [], [], None
        for line in block.splitlines():
            if match := re.match(r'(msgid|msgid_plural|msgstr)(?:\[\d\])? (".*")$', line):
                current = texts if match[1] == "msgstr" else ids
                current.append(ast.literal_eval(match[2]))
            elif line.startswith('"'):
                current[-1] += ast.literal_eval(line)
        if ids:
            translations[tuple(ids)] = tuple(texts)
            if "#, fuzzy" in block:
                fuzzy.append(ids[0])
    return translations, fuzzy


def write_po(path, plural, messages, translations):
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {plural}\\n"\n'
    blocks = [head]
    number = int(plural[9])
    for message, place in sorted(messages.items(), key=lambda each: (each[1], each[0])):
        texts = translations.get(message) or ("",) * (1 if len(message) == 1 else number)
        lines = [f"#: {place}", f"msgid {_quoted(message[0])}"]
        if len(message) == 2:
            lines += [f"msgid_plural {_quoted(message[1])}"]
            lines += [f"msgstr[{index}] {_quoted(text)}" for index, text in enumerate(texts)]
        else:
            lines += [f"msgstr {_quoted(texts[0])}"]
        blocks.append("\n".join(lines) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), encoding="utf-8")


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def compiled(translations):
    """Return the .mo file of a .po file's translations, as GNU gettext's manual describes it."""
    pairs = sorted(
        ("\0".join(ids).encode(), "\0".join(texts).encode())
        for ids, texts in translations.items()
        if all(texts)
    )
    start = 28 + 16 * len(pairs)
    keys, values, tables = b"", b"", ([], [])
    for which, column in enumerate(tables):
        for pair in pairs:
            blob = keys if which == 0 else values
            column.append((len(pair[which]), len(blob)))
            if which == 0:
                keys += pair[0] + b"\0"
            else:
                values += pair[1] + b"\0"
    offsets = [number for size, at in tables[0] for number in (size, start + at)]
    offsets += [number for size, at in tables[1] for number in (size, start + len(keys) + at)]
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 28 + 16 * len(pairs))
    return head + struct.pack(f"<{len(offsets)}I", *offsets) + keys + values


def po_of(language):
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def write_everything(new=None):
    messages = every_message()
    for language, plural in LANGUAGES.items():
        path = po_of(language)
        known = read_po(path)[0] if path.exists() else {}
        write_po(path, plural, messages, known | (new or {}).get(language, {}))
        path.with_suffix(".mo").write_bytes(compiled(read_po(path)[0]))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    write_everything()
