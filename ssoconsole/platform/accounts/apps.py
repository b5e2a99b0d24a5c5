"""People: the user model and the break-glass administrator."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ssoconsole.platform.accounts"
    label = "accounts"
    verbose_name = "People"
