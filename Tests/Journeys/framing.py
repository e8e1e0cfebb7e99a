"""What a careful reader of RFC 9112 makes of bytes: the requests that are in them, or that they are none."""

import re
from dataclasses import dataclass, replace

END = b"\r\n"
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# RFC 9112 3 lets a server be lenient with the spaces of this line.
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") +(/[!-~]*) +HTTP/(1\.[01])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([ \t!-~\x80-\xff]*)")
FIELD_OF_NGINX = re.compile(rb"([^:\0-\x20\x7f]*)(?::[ \t]*([^\0\r]*))?")
REQUEST_LINE_OF_NGINX = re.compile(rb"(" + TOKEN + rb") +(?:http://[^/ ]+)?(/[^ \0\r]*) +HTTP/(1\.[0-9]+) *")
REQUEST_LINE_OF_HAPROXY = re.compile(
    rb"(" + TOKEN + rb")[ \t]+(?:http://[^/ ]+)?(/[^ \t\0\r]*)[ \t]+HTTP/([0-9]\.[0-9])[ \t]*"
)
FIELD_OF_HAPROXY = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n]*)")
FIELD_OF_LENIENT_HAPROXY = re.compile(rb"([^:\n]+):[ \t]*([^\r\n]*)")
CHUNK_SIZE_OF_NGINX = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t;].*)?")
CHUNK_SIZE_OF_HAPROXY = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t]*;[ \t!-~\x80-\xff]*)?")
HOST = re.compile(rb"[A-Za-z0-9._\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


@dataclass(frozen=True)
class Reader:
    """Who reads, and what it forgives."""

    request_line: re.Pattern = REQUEST_LINE
    field: re.Pattern = FIELD
    chunk_size: re.Pattern = CHUNK_SIZE
    # A bare LF as the end of a line (RFC 9112 2.2 allows it), hosts of all kinds, trailers that are no fields.
    forgives: bool = False
    # A field goes on in the next line where that begins with a blank (RFC 9112 5.2 has a proxy join them).
    joins_lines: bool = False
    # Chunks win over a length, and the connection ends after that (RFC 9112 6.3); equal lengths are one; HTTP/1.0 has
    # chunks, too.
    prefers_chunks: bool = False
    # After an answer that came before the whole request, the connection ends without a word.
    ends_early: bool = False
    # Of "close" and "keep-alive" the last one counts.
    believes_last: bool = False


STRICT = Reader()
NGINX = Reader(
    REQUEST_LINE_OF_NGINX, FIELD_OF_NGINX, CHUNK_SIZE_OF_NGINX, forgives=True, ends_early=True, believes_last=True
)
HAPROXY = Reader(
    REQUEST_LINE_OF_HAPROXY,
    FIELD_OF_HAPROXY,
    CHUNK_SIZE_OF_HAPROXY,
    forgives=True,
    joins_lines=True,
    prefers_chunks=True,
)
LENIENT_HAPROXY = replace(HAPROXY, field=FIELD_OF_LENIENT_HAPROXY)


@dataclass
class Sent:
    """A request as it was meant."""

    method: str
    target: str
    body: bytes
    is_last: bool


class Malformed(Exception):
    """No request: whoever serves it has guessed."""


class Incomplete(Exception):
    """A request of which more must come."""


class Reading:
    """The requests of some bytes in their order, and how the reading ended: whole, incomplete or malformed.

    A proxy's reading forgives what that proxy forgives; where it sees the end of a request is its own to say, and
    must be the gateway's, too.
    """

    def __init__(self, content, reader=STRICT):
        self.rest = content
        self.reader = reader
        self.requests = []
        self.end = "whole"
        try:
            while self.rest.lstrip(END):
                self.requests.append(self._request())
                if self.requests[-1].is_last:
                    break
        except Malformed:
            self.end = "malformed"
        except Incomplete:
            self.end = "incomplete"

    def _line(self):
        line, end, rest = self.rest.partition(b"\n")
        if not end:
            if b"\r" in line.removesuffix(b"\r"):
                raise Malformed
            raise Incomplete
        if self.reader.forgives:
            line = line.rstrip(b"\r")
        elif line.endswith(b"\r"):
            line = line[:-1]
        else:
            raise Malformed
        self.rest = rest
        return line

    def _take(self, count):
        if len(self.rest) < count:
            raise Incomplete
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def _request(self):
        # RFC 9112 2.2: an empty line before a request is passed over; half of one does no harm either.
        self.rest = self.rest.lstrip(END)
        line = self._line()
        start = self.reader.request_line.fullmatch(line)
        if not start:
            raise Malformed
        fields = self._fields()
        method, target, version = start.groups()
        is_old = version == b"1.0" or version.startswith(b"0")
        connection = b",".join(values(fields, b"connection")).lower()
        if self.reader.prefers_chunks:
            fields, has_both = without_doubt(fields)
        else:
            has_both = False
        check_framing(fields, is_old and not self.reader.prefers_chunks)
        if not self.reader.forgives:
            check_host(fields)
        body = self._body(fields)
        words = [word.strip(b" \t") for word in connection.split(b",")]
        if self.reader.believes_last:
            words = [word for word in words if word in (b"close", b"keep-alive")][-1:]
        is_last = has_both or b"close" in words or (is_old and b"keep-alive" not in words)
        return Sent(method.decode(), target.decode(), body, is_last)

    def _fields(self):
        fields = []
        while line := self._line():
            if self.reader.joins_lines and fields and line[:1] in b" \t":
                name, value = fields[-1]
                fields[-1] = (name, (value + b" " + line.strip(b" \t")).strip(b" "))
                continue
            field = self.reader.field.fullmatch(line)
            if not field:
                raise Malformed
            fields.append((field[1].lower(), (field[2] or b"").strip(b" \t")))
        return fields

    def _body(self, fields):
        if codings := values(fields, b"transfer-encoding"):
            if [coding.lower() for coding in codings] != [b"chunked"]:
                raise Malformed
            return self._chunks()
        lengths = values(fields, b"content-length")
        return self._take(int(lengths[0])) if lengths else b""

    def _chunks(self):
        body = b""
        while True:
            size = self.reader.chunk_size.fullmatch(self._line())
            if not size:
                raise Malformed
            count = int(size[1], 16)
            if count >= 2**64:
                raise Malformed
            if count == 0:
                self._trailer()
                return body
            body += self._take(count)
            if self._line() != b"":
                raise Malformed

    def _trailer(self):
        if not self.reader.forgives:
            self._fields()
            return
        while self._line():
            pass


def check_host(fields):
    """What makes it doubtful whom a request is for."""
    hosts = values(fields, b"host")
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]) or values(fields, b"upgrade"):
        raise Malformed


def without_doubt(fields):
    """The fields with one framing, and whether there were two: equal lengths are one, chunks win over a length."""
    lengths, codings = elements(fields, b"content-length"), elements(fields, b"transfer-encoding")
    rest = [(key, value) for key, value in fields if key not in (b"content-length", b"transfer-encoding")]
    if codings:
        # An empty element of a list is none (RFC 9110 5.6.1.2), but of nothing else there is no list.
        kept = [coding for coding in codings if coding] or [b""]
        return rest + [(b"transfer-encoding", coding) for coding in kept], bool(lengths)
    return rest + [(b"content-length", length) for length in dict.fromkeys(lengths)], False


def elements(fields, name):
    return [element.strip(b" \t") for value in values(fields, name) for element in value.split(b",")]


def check_framing(fields, has_no_chunks):
    """What makes it doubtful where a request ends, although each of its lines is well formed."""
    lengths = values(fields, b"content-length")
    if len(set(lengths)) > 1 or not all(re.fullmatch(rb"[0-9]{1,18}", length) for length in lengths):
        raise Malformed
    codings = values(fields, b"transfer-encoding")
    if codings and (lengths or has_no_chunks):
        raise Malformed


def values(fields, name):
    return [value for key, value in fields if key == name]


def answers(heard):
    """The (status, headers, body) of each answer in the bytes, and whether bytes are left over."""
    found = []
    while heard:
        if heard.startswith(b"<html>") and b"<h1>400" in heard:
            # nginx's answer to what has no version has no head either.
            return [*found, (400, {}, heard)], b""
        head, end, rest = heard.partition(b"\r\n\r\n")
        start = re.match(rb"HTTP/1\.[01] (\d{3}) ", head + b" ")
        if not end or not start:
            return found, heard
        headers = dict(
            (name.strip().lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        )
        status = int(start[1])
        if status == 100:
            heard = rest
            continue
        if b"chunked" in headers.get(b"transfer-encoding", b""):
            reading = Reading(b"")
            reading.rest = rest
            try:
                body, heard = reading._chunks(), reading.rest
            except (Malformed, Incomplete):
                return found, heard
        else:
            length = int(headers.get(b"content-length", len(rest)))
            if length > len(rest):
                return found, heard
            body, heard = rest[:length], rest[length:]
        found.append((status, headers, body))
    return found, b""
