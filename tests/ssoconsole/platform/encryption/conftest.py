import pytest
from django.db import connection
from encryption_vault import Vault

OLD_KEY = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE"
NEW_KEY = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE"


@pytest.fixture(scope="module")
def vault_table(django_db_setup, django_db_blocker):
    """Outside any test's transaction: SQLite changes no tables within one."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Vault)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Vault)


@pytest.fixture
def old_ring(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]


@pytest.fixture
def rotate(settings):
    """Put a newer key at the head of the ring; keep=False drops the older one."""

    def rotate(keep=True):
        settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY] if keep else [NEW_KEY]

    return rotate
