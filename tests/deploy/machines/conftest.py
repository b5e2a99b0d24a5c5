import pytest

from tests.deploy.machines.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """One site for all tests here; each leaves it whole."""
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        yield site.start()
    finally:
        site.stop()
