import pytest

from tests.providers.conformance.run import BASE_URL, Run


@pytest.fixture
def run(request, scripted_provider, db, settings):
    settings.BASE_URL = BASE_URL
    run = Run(scripted_provider, request.param)
    yield run
    assert run.judged, "a module that judges nothing is no evidence"
