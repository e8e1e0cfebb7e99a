"""HTTP as it is on the wire: whole answers, streams event by event, and raw bytes."""

import asyncio
import contextlib
import http.client
import json as jsons
import select
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return jsons.loads(self.body)

    def expect(self, status):
        assert self.status == status, (self.status, self.body[:2000])
        return self


def call(method, url, headers=None, body=None, json=None, patience=60):
    """One request on a connection of its own, and its whole answer."""
    with Stream(method, url, headers, body, json, patience) as stream:
        return Answer(stream.status, stream.headers, stream.response.read())


class Stream:
    """A request whose answer is read event by event."""

    def __init__(self, method, url, headers=None, body=None, json=None, patience=60):
        if json is not None:
            body = jsons.dumps(json).encode()
            headers = {"content-type": "application/json"} | (headers or {})
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=patience)
        self.connection.request(method, target, body, headers or {})
        self.response = None

    def __enter__(self):
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers
        return self

    def __exit__(self, *_):
        if self.response:
            self.response.close()
        self.connection.close()

    def leave(self):
        """Drops the connection as a process that dies does."""
        if self.connection.sock:
            with_reset(self.connection.sock)
        self.__exit__()

    def event(self):
        """The lines up to and with the next empty one; what is left at the end; b'' after it."""
        lines = []
        try:
            while line := self.response.readline():
                lines.append(line)
                if line in (b"\n", b"\r\n"):
                    break
        except (http.client.IncompleteRead, ConnectionResetError):
            self.was_cut = True
        return b"".join(lines)

    was_cut = False

    def events(self, count=None):
        """So many events, or all that come."""
        found = []
        while count is None or len(found) < count:
            event = self.event()
            if not event:
                break
            found.append(event)
        return found


def with_reset(sock):
    """Makes the close of a socket a reset, as of a process that died."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def data(event):
    """What the `data:` lines of an event say; None for comments."""
    lines = [line[5:].strip() for line in event.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None


def is_our_comment(event):
    return event.startswith(b": farebox ")


def raw(port, *pieces, patience=30):
    """Sends bytes as they are and returns everything that comes, which may be several answers.

    A server that answers before it has read everything is heard, and not sent the rest.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as sock:
        heard = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                send_while_unanswered(sock, piece, patience)
        # What came before the other side closed is still there to be read.
        try:
            while chunk := sock.recv(65536):
                heard += chunk
                if is_whole(heard):
                    # Whatever else comes, comes at once.
                    sock.settimeout(0.2)
        except (ConnectionResetError, TimeoutError):
            pass
        return heard


def send_while_unanswered(sock, content, patience):
    """Sends until all is sent or there is something to read."""
    view = memoryview(content)
    while view:
        readable, writable, _ = select.select([sock], [sock], [], patience)
        if readable or not writable:
            return
        view = view[sock.send(view) :]


def is_whole(heard):
    """Whether the bytes hold a whole answer."""
    head, end, body = heard.partition(b"\r\n\r\n")
    if not end:
        return False
    if b"transfer-encoding: chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(header(head, "content-length") or 0)


def raw_request(method, target, headers=(), body=b"", host="gateway"):
    """A request that asks for the connection to be closed after it."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parse(heard):
    """The first answer in some bytes."""
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    version, status, *_ = first.split(b" ")
    assert version == b"HTTP/1.1", heard[:200]
    headers = http.client.HTTPMessage()
    for field in fields:
        name, _, value = field.decode("latin-1").partition(":")
        headers.add_header(name.strip(), value.strip())
    if "chunked" in headers.get("transfer-encoding", ""):
        body = dechunk(body)
    return Answer(int(status), headers, body)


def dechunk(body):
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        count = int(size.split(b";")[0] or b"0", 16)
        if count == 0:
            break
        parts.append(rest[:count])
        body = rest[count + 2 :]
    return b"".join(parts)


class LeanConnection:
    """A keep-alive connection for crowds: no more HTTP than the gateway speaks."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def ask(self, request, each=None):
        """Sends a whole request and returns (status, head, body); `each` hears the body's pieces."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = await self._chunks(each)
        else:
            at = lower.index(b"content-length:") + 15
            body = await self.reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
        if b"connection: close" in lower:
            self.close()
        return status, head, body

    async def _chunks(self, each):
        parts = []
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            chunk = (await self.reader.readexactly(size + 2))[:-2]
            if size == 0:
                return b"".join(parts)
            parts.append(chunk)
            if each:
                each(chunk)

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def header(head, name):
    """A field of a raw head; None where it is not."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.encode():
            return value.strip().decode()
    return None
