"""What bots carry."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate, post_save, pre_delete

from ssoconsole.platform.actors import Actor


class TokensConfig(AppConfig):
    name = "tokens"
    verbose_name = "Bots and tokens"

    def ready(self) -> None:
        from tokens.provision import provision

        post_migrate.connect(provision, sender=self)
        post_save.connect(_person_saved, sender=settings.AUTH_USER_MODEL)
        pre_delete.connect(_person_deleted, sender=settings.AUTH_USER_MODEL)


def _person_saved(*, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    """A person who is disabled ends the tokens of his bots, and whoever saves people knows nothing of tokens."""
    from tokens.status.services import status_lists_changed

    if update_fields is None or "is_active" in update_fields:
        status_lists_changed()


def _person_deleted(*, instance: Any, **kwargs: Any) -> None:
    """What stops the bots of a person who is disabled must not go with his account."""
    from tokens.bots.services import disable_bots_of

    if not instance.is_active:
        disable_bots_of(owner=instance.get_username(), by=Actor("deletion", instance.get_username()))
