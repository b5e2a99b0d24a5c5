from tests.providers.admin.conftest import bob, mallory

__all__ = ["bob", "mallory"]
