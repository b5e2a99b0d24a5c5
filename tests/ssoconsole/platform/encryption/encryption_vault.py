"""A model with encrypted fields, in an app that exists for these tests only and is not installed."""

import sys
import uuid

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db import models

from ssoconsole.platform.encryption.field import EncryptedTextField


class EncryptionTestsConfig(AppConfig):
    name = label = "encryption_tests"
    path = __file__


vault_apps = Apps([EncryptionTestsConfig("encryption_tests", sys.modules[__name__])])


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.CharField(max_length=20, blank=True)
    secret = EncryptedTextField(blank=True)
    spare = EncryptedTextField(null=True, blank=True)

    class Meta:
        app_label = "encryption_tests"
        apps = vault_apps

    def __str__(self):
        return self.label


class GlassVault(Vault):
    class Meta:
        proxy = True
        app_label = "encryption_tests"
        apps = vault_apps


def column(vault, name="secret"):
    """What the database holds."""
    return Vault.objects.values_list(name, flat=True).get(pk=vault.pk)
