"""An administrator sees what ends: a line on the first page, and a page with what to do."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ssoconsole.platform.accounts.models import User
from tests.ssoconsole.console.expiry import things_that_end as things
from tests.ssoconsole.console.expiry.conftest import PASSWORD_BACKEND
from tests.ssoconsole.pages.page_reading import Page
from tests.support.leaks import assert_without

PAGE = "/admin/ending-soon"


def text_of(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


class FirstPageTests:
    def test_it_says_that_nothing_ends(self, bob):
        assert "Nothing ends within 30 days." in text_of(bob.get("/admin/"))

    def test_the_page_of_one_app_is_its_list_alone(self, bob):
        page = text_of(bob.get("/admin/tokens/"))
        assert "Token records" in page
        assert "Nothing ends" not in page
        assert 'class="standing"' not in page

    def test_it_counts_and_names_the_first(self, bob):
        things.provider(tls_not_after=things.ahead(days=3))
        things.client_secret(days=9)
        page = text_of(bob.get("/admin/"))
        assert "2 things end within 30 days." in page
        assert "First: TLS certificate of a provider, corp" in page
        assert f'href="{PAGE}"' in page

    def test_it_says_what_is_overdue(self, bob):
        things.provider(tls_not_after=things.ahead(days=-3))
        page = text_of(bob.get("/admin/"))
        assert "1 thing ends within 30 days." in page
        assert "Overdue: TLS certificate" in page

    def test_other_pages_ask_nothing(self, bob):
        with CaptureQueriesContext(connection) as queries:
            bob.get("/admin/auth/group/")
        assert not [query for query in queries if "tls_not_after" in query["sql"]]


class PageTests:
    def test_it_has_every_kind_with_its_remedy_and_a_link(self, bob):
        things.one_of_each()
        page = text_of(bob.get(PAGE))
        for word in ("nightly, cluster", "nightly, laptop", "corp", "glass", "rotate_signing_key", "overdue"):
            assert word in page
        assert page.count('<td><a href="http://localhost:8000/admin/') == 6

    def test_a_name_is_text_on_it(self, bob):
        things.client_secret(label="<script>alert(1)</script>", days=3)
        assert "&lt;script&gt;alert(1)" in text_of(bob.get(PAGE))

    def test_it_is_a_page_like_every_other(self, bob):
        things.one_of_each()
        document = Page(bob.get(PAGE).content.decode())
        assert document.inline_code() == []
        assert len(document.all("h1")) == 1
        assert document.unlabelled_fields() == []

    def test_it_says_whether_anybody_is_told(self, bob, settings):
        assert "Nobody is told of it" in text_of(bob.get(PAGE))
        settings.WARNINGS_EMAIL = ["ops@corp.example"]
        assert "by e-mail." in text_of(bob.get(PAGE))
        settings.WARNINGS_WEBHOOK_URL, settings.WARNINGS_WEBHOOK_SECRET = "https://hook.example", "s" * 32
        assert "by e-mail and webhook." in text_of(bob.get(PAGE))


class RefusalTests:
    def test_a_stranger_is_sent_to_the_door(self, client, db):
        assert client.get(PAGE).status_code == 302

    def test_who_does_not_administer_too(self, client, db):
        client.force_login(User.objects.create(username="mallory"), backend=PASSWORD_BACKEND)
        assert client.get(PAGE).status_code == 302

    @pytest.mark.parametrize("path", [PAGE, "/admin/"])
    def test_a_viewer_sees_what_he_may_look_at(self, client, db, path):
        victor = User.objects.create(username="victor", is_staff=True)
        victor.user_permissions.set(Permission.objects.filter(codename="view_provider"))
        client.force_login(victor, backend=PASSWORD_BACKEND)
        things.client_secret(label="sesame", days=1)
        things.provider(tls_not_after=things.ahead(days=3))
        page = text_of(client.get(path))
        assert "corp" in page
        assert_without(page, "sesame")
