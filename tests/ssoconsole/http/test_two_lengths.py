"""A body has one length: whoever says two things of it is asked for neither (RFC 9112 section 6.3)."""

import io

import pytest
from django.test import Client

BODY = b'{"name": "x"}'


@pytest.mark.parametrize("path", ["/api/v1/bots", "/oauth/token", "/signin"])
@pytest.mark.parametrize("coding", ["chunked", "Chunked", "gzip, chunked", "identity"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_length_beside_a_transfer_coding_is_refused_and_the_body_is_not_read(
    db, path, coding, content_type
):
    stream = io.BytesIO(BODY)
    request = {"HTTP_TRANSFER_ENCODING": coding, "wsgi.input": stream, "CONTENT_LENGTH": str(len(BODY))}
    answer = Client().generic("POST", path, BODY, content_type=content_type, **request)
    assert answer.status_code == 400, answer.content
    assert answer["Cache-Control"] == "no-store"
    assert stream.tell() == 0
