"""A body has one length: whoever says two things of it is asked for neither (RFC 9112 section 6.3)."""

import io

import pytest
from django.test import Client

BODY = b'{"name": "x"}'


@pytest.mark.parametrize(
    "length", ["-1", "+13", "1_3", "13,13", "0x0d", " 13", "\u0661\u0663", "1" * 19, "13.0", "\xb2"]
)
def test_a_length_that_is_no_plain_number_is_refused_and_the_body_is_not_read(db, length):
    stream = io.BytesIO(BODY)
    request = {"wsgi.input": stream, "CONTENT_LENGTH": length}
    answer = Client().generic("POST", "/oauth/token", BODY, content_type="application/json", **request)
    assert (answer.status_code, stream.tell()) == (400, 0)


@pytest.mark.parametrize(("length", "status"), [("0" * 18, 411), ("0" * 19, 400)])
def test_a_length_of_nothing_but_zeros_is_one(db, length, status):
    answer = Client().generic("POST", "/api/v1/bots", b"", CONTENT_LENGTH=length)
    assert answer.status_code != 400 or status == 400


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
