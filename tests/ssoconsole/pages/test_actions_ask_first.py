"""Actions of the admin's lists that end something ask first; which do is found by looking at all of them."""

import pytest
from django.contrib import admin
from django.utils import timezone

from ssoconsole.platform import admin_base
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tokens.models import Bot

AT_ONCE, ASKS = False, True
ACTIONS = {
    "identity.unlink": ASKS,
    "user.end_sessions": ASKS,
    "provider.enable": AT_ONCE,
    "provider.disable": ASKS,
    "provider.refresh_metadata": AT_ONCE,
    "provider.rotate_client_keys": ASKS,
    "consolesession.end_sessions": ASKS,
    "audience.disable": ASKS,
    "audience.enable": AT_ONCE,
    "audience.revoke_tokens": ASKS,
    "bot.disable": ASKS,
    "bot.enable": AT_ONCE,
    "bot.confirm_owners": AT_ONCE,
    "bot.revoke_tokens": ASKS,
    "bot.retire": ASKS,
    "credential.retire": ASKS,
    "credential.revoke_tokens": ASKS,
    "signingkey.rotate": ASKS,
    "signingkey.compromise": ASKS,
    "tokenrecord.revoke": ASKS,
}


def test_each_action_asks_or_ends_nothing():
    found = {}
    for model, model_admin in admin.site._registry.items():
        for action in model_admin.actions or ():
            does = action if callable(action) else getattr(model_admin, action)
            found[f"{model._meta.model_name}.{does.__name__}"] = getattr(does, "asks_first", False)
    assert found == ACTIONS


@pytest.mark.django_db
class HowManyTests:
    @pytest.fixture
    def act(self, client):
        come_in_by_password(client, administrator())
        Bot.objects.bulk_create(Bot(name=f"bot-{n}", owner_named_at=timezone.now()) for n in range(5))
        chosen = [str(bot.pk) for bot in Bot.objects.all()]

        def act(**more):
            data = {"action": "disable", "_selected_action": chosen, **more}
            return client.post("/admin/tokens/bot/?state=enabled", data, follow=True).content.decode()

        return act

    def test_the_page_says_of_how_many_and_which_and_leads_back_to_the_same_list(self, act):
        page = act()
        assert "You have chosen <strong>5 bots</strong>" in page
        assert all(f"<li>bot-{n}</li>" in page for n in range(5))
        assert 'href="/admin/tokens/bot/?state=enabled">No, go back' in page
        assert not Bot.objects.exclude(disabled_at=None).exists()

    def test_after_a_yes_it_is_done(self, act):
        act(confirmed="yes")
        assert not Bot.objects.filter(disabled_at=None).exists()

    def test_more_than_a_form_can_carry_are_not_asked_about(self, act, monkeypatch):
        monkeypatch.setattr(admin_base, "MOST", 4)
        page = act()
        assert "More than 4 are chosen. Choose at most 4 at a time." in page
        assert "Are you sure?" not in page
