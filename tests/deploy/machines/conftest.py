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


@pytest.fixture(autouse=True)
def _whole(site):
    """What one test has broken and not mended is not the next one's."""
    yield
    site.mend()
