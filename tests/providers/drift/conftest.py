from tests.providers.admin.conftest import mallory

__all__ = ["mallory"]
