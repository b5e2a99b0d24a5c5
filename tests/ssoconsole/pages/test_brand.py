"""The operator's own name, logo and colour: on every page, readable, and never more than a picture."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string

from ssoconsole.platform import brand
from ssoconsole.settings import env
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in, provider
from tests.support.servers import ROOT

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'
PNG = (ROOT / "docs" / "images" / "sign-in.png").read_bytes()
GOOD_LOGOS = {
    "shapes": SVG.format('<rect width="8" height="8" fill="#123456"/>'),
    "a gradient of its own": SVG.format(
        '<defs><linearGradient id="g"><stop offset="1" stop-color="red"/></linearGradient></defs>'
        '<path d="M0 0h8v8z" fill="url(#g)"/><use href="#g"/>'
    ),
    "a comment": SVG.format("<!-- <script> --><title>Corp</title>"),
}
BAD_LOGOS = {
    "nothing": "",
    "no picture": "GIF89a",
    "half a picture": "<svg xmlns='http://www.w3.org/2000/svg'>",
    "html": "<html><body>hello</body></html>",
    "another namespace": "<svg><path/></svg>",
    "a script": SVG.format("<script>alert(1)</script>"),
    "a handler": SVG.format('<rect onload="alert(1)"/>'),
    "a handler on the root": '<svg xmlns="http://www.w3.org/2000/svg" ONLOAD="alert(1)"/>',
    "a foreign object": SVG.format("<foreignObject><b/></foreignObject>"),
    "an element of another namespace": SVG.format('<b xmlns="http://www.w3.org/1999/xhtml"/>'),
    "a link": SVG.format('<a href="https://evil.example"><rect/></a>'),
    "an outside picture": SVG.format('<image href="https://evil.example/x.png"/>'),
    "an outside shape": SVG.format('<use href="https://evil.example/x.svg#a"/>'),
    "an old link": SVG.format('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="//evil.example/#a"/>'),
    "an outside fill": SVG.format('<rect fill="url(https://evil.example/x)"/>'),
    "an escaped fill": SVG.format('<rect style="fill:u\\72l(//evil.example)"/>'),
    "a stylesheet": SVG.format("<style>@import '//evil.example'</style>"),
    "a stylesheet before it": "<?xml-stylesheet href='//evil.example'?>" + SVG.format(""),
    "an animation": SVG.format('<set attributeName="href" to="javascript:alert(1)"/>'),
    "entities": '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG.format("<title>&b;</title>"),
    "a stylesheet in another encoding": ("<?xml-stylesheet href='//evil.example'?>" + SVG.format("")).encode(
        "utf-16-le"
    ),
    "entities in another encoding": ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;")).encode(
        "utf-16-be"
    ),
    "comments that do not end": SVG.format("<!--" * 60_000),
    "more than fits": SVG.format("<!--" + "x" * brand.LARGEST_LOGO + "-->"),
}
ACCENTS = ("#ffff00", "#ffffff", "#000000", "#0f5b53", "#ff0000", "#7f7f7f", "#00ffcc", "#1a0dab")


def at(tmp_path, content):
    path = tmp_path / "logo"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.fixture
def branded(db, settings, tmp_path):
    settings.BRAND_NAME, settings.BRAND_ACCENT = "Söhne & <Co>", "#ffcc00"
    settings.BRAND_LOGO = at(tmp_path, GOOD_LOGOS["shapes"])
    return settings


class LogoTests:
    @pytest.mark.parametrize("name", GOOD_LOGOS)
    def test_a_drawing_is_taken(self, tmp_path, name):
        assert brand.logo_at(at(tmp_path, GOOD_LOGOS[name])).content_type == "image/svg+xml"

    def test_so_is_a_png(self, tmp_path):
        assert brand.logo_at(at(tmp_path, PNG)).content_type == "image/png"

    @pytest.mark.parametrize("name", BAD_LOGOS)
    def test_what_could_do_more_than_show_is_refused(self, tmp_path, name):
        path = at(tmp_path, BAD_LOGOS[name])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BRAND_LOGO", path)
            with pytest.raises(ImproperlyConfigured, match=r"E016.*BRAND_LOGO") as refused:
                env.read("BRAND_LOGO", brand.logo_file, "")
        assert path not in str(refused.value)

    def test_it_is_served_as_a_picture_that_runs_and_loads_nothing(self, client, branded):
        answer = client.get("/brand/logo")
        assert answer.content.decode() == GOOD_LOGOS["shapes"]
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/svg+xml", "nosniff")
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert not answer.cookies

    @pytest.mark.parametrize("path", ["/brand/logo", "/brand/colours.css"])
    def test_without_a_brand_there_is_none(self, client, db, path):
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 405


class AccentTests:
    @pytest.mark.parametrize("accent", ACCENTS)
    def test_text_in_it_and_on_it_can_be_read_in_both_schemes(self, accent):
        sheet = brand.colours_of(accent).body.decode()
        light, dark, chosen_dark = re.findall(r"\{ (--.*?) \}", sheet)
        assert dark == chosen_dark
        for declared, grounds in ((light, brand.LIGHT), (dark, brand.DARK)):
            found = dict(re.findall(r"--([\w-]+): #(\w{6});", declared))
            colours = {name: tuple(bytes.fromhex(value)) for name, value in found.items()}
            for ground in (*grounds, colours["brand-tint"]):
                assert brand.contrast(colours["brand"], ground) >= 4.5
                assert brand.contrast(colours["brand-strong"], ground) >= 4.5
            assert brand.contrast(colours["on-brand"], colours["brand"]) >= 4.5
            assert brand.contrast(colours["on-brand"], colours["brand-strong"]) >= 4.5

    def test_a_readable_colour_stays_what_it_is(self):
        assert "--brand: #0f5b53;" in brand.colours_of("#0f5b53").body.decode()


class PageTests:
    @pytest.mark.parametrize("path", ["/signin", "/admin/login/", "/admin/", "/account", "/nowhere"])
    def test_every_page_bears_the_brand_without_inline_style(self, client, branded, path):
        if path not in ("/signin", "/admin/login/"):
            come_in(client, administrator(), provider())
        page = Page(client.get(path).content.decode())
        assert page.text("title").endswith("Söhne & <Co>")
        assert any(image["src"].startswith("/brand/logo?v=") for image in page.all("img"))
        assert any(link["href"].startswith("/brand/colours.css?v=") for link in page.all("link"))
        assert page.inline_code() == []
        assert "SSO Console" not in page.text("header")

    @pytest.mark.parametrize("name", ["400.html", "500.html", "503.html"])
    def test_so_do_the_pages_of_what_is_broken(self, branded, name):
        html = render_to_string(name)
        assert "Söhne &amp; &lt;Co&gt;" in html
        assert "/brand/colours.css?v=" in html

    def test_without_a_brand_it_is_the_consoles_own(self, client, db):
        html = client.get("/signin").content.decode()
        assert "SSO Console</a>" in html
        assert "/brand/" not in html
