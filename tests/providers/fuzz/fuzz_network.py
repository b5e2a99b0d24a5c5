"""The scripted provider without a wire: the same requests and answers, byte for byte, and no socket or thread."""

from tests.support.scripted.wire import Request


class Cable:
    """Stands where a connected socket would; `answer` makes a `Request` an `Answer`."""

    def __init__(self, answer):
        self._answer = answer
        self._sent = b""
        self._coming = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """There is nothing to close."""

    def settimeout(self, seconds):
        """Nobody here is slow."""

    def send(self, data):
        self._sent += data
        return len(data)

    def recv_into(self, buffer):
        if self._coming is None:
            self._coming = memoryview(response_of(self._answer(request_in(self._sent))))
        piece, self._coming = self._coming[: len(buffer)], self._coming[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def request_in(message):
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(method, target, headers, body)


def response_of(answer):
    headers = {"Content-Type": answer.content_type, "Content-Length": len(answer.body), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Whatever"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
