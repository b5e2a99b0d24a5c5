"""What bots carry."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TokensConfig(AppConfig):
    name = "tokens"
    verbose_name = "Bots and tokens"

    def ready(self) -> None:
        from tokens.provision import provision

        post_migrate.connect(provision, sender=self)
