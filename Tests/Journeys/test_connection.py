"""One connection from the first request to its end: who is served, what waits, and what goes out."""

import contextlib
import http.client
import json
import re
import signal
import socket
import time

import pytest

from dialects import BOTH, OPENAI
from programs import PATIENCE
from wire import call, parse, raw_request

GET = b"GET /livez HTTP/1.1\r\nhost: gateway\r\n\r\n"
OK = b"HTTP/1.1 200 OK"


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def heard(sock):
    """All that comes until the other side ends the connection, which it was asked to or has a reason to."""
    pieces = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            pieces += piece
    return pieces


@pytest.mark.parametrize("size", [0, 1, 60_000, 5_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_no_route_reads_is_passed_over_on_a_connection_that_stays(shared, framing, size):
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=PATIENCE)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        body = b"x" * size if framing == "length" else iter([b"x" * size] if size else [])
        connection.request("GET", "/livez", body, encode_chunked=framing == "chunked")
        assert connection.getresponse().read() == b"ok\n"
        assert connection.sock is first
    connection.close()


def test_requests_that_come_at_once_are_answered_in_their_order(shared):
    count = 3000
    asked = b"".join(b"GET /nowhere-%d HTTP/1.1\r\nhost: gateway\r\n\r\n" % number for number in range(count))
    with connect(shared.port) as sock:
        sock.sendall(asked + GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        answers = heard(sock)
    assert answers.count(b"HTTP/1.1 404 Not Found") == count
    assert answers.count(OK) == 1 and answers.endswith(b"ok\n")


def test_what_is_no_http_is_refused_behind_all_that_came_before_it(shared):
    with connect(shared.port) as sock:
        sock.sendall(GET + GET + GET + b"F@O /\r\n\r\n")
        answers = heard(sock)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"200", b"400"]


@pytest.mark.parametrize("dialect", BOTH, ids=str)
def test_what_follows_a_stream_and_is_no_http_does_not_end_it(shared, dialect):
    customer = shared.customer("1.00")
    body = json.dumps(dialect.request(customer, stream=True)["json"]).encode()
    fields = [*dialect.headers.items(), *dialect.auth(customer.key).items()]
    with connect(shared.port) as sock:
        sock.sendall(raw_request("POST", dialect.path, fields, body).replace(b"connection: close\r\n", b""))
        # The last of it may come when the connection has ended.
        with contextlib.suppress(OSError):
            for _ in range(5):
                sock.sendall(b"F@O / no HTTP\r\n\r\n")
                time.sleep(0.02)
        answers = heard(sock)
    assert answers.startswith(OK) and dialect.end in answers
    assert answers.index(dialect.end) < answers.index(b"HTTP/1.1 400")


def test_what_follows_an_upgrade_is_not_kept(shared):
    with connect(shared.port) as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nhost: g\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(200):
                sock.sendall(b"x" * (1 << 20))


def test_an_agent_that_waits_to_send_its_body_is_told_to(shared):
    customer = shared.customer("1.00")
    body = json.dumps(OPENAI.request(customer)["json"]).encode()
    fields = [*OPENAI.auth(customer.key).items(), ("expect", "100-continue")]
    whole = raw_request("POST", OPENAI.path, fields, body)
    with connect(shared.port) as sock:
        sock.sendall(whole[: -len(body)])
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert heard(sock).startswith(OK)
    with connect(shared.port) as sock:
        sock.sendall(whole[: -len(body)].replace(customer.key.encode(), b"nobody"))
        assert heard(sock).startswith(b"HTTP/1.1 401"), "it is not asked for what is not read"


def test_http_1_0_gets_no_chunks(shared):
    customer = shared.customer("1.00")
    body = json.dumps(OPENAI.request(customer, stream=True)["json"]).encode()
    asked = raw_request("POST", OPENAI.path, [*OPENAI.auth(customer.key).items()], body)
    with connect(shared.port) as sock:
        sock.sendall(asked.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        answer = heard(sock)
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower() and b"connection: close" in head.lower()
    assert rest.startswith(b"data: ") and rest.endswith(b"[DONE]\n\n")


@pytest.mark.parametrize("end", ["revoke", "rotate"])
def test_a_key_that_ended_while_the_body_was_on_its_way_does_nothing(shared, end):
    customer = shared.customer("1.00")
    inference = OPENAI.request(customer)["json"]
    waiting = []
    for path, content in [("/v1/keys", {"name": "thief"}), (OPENAI.path, inference)]:
        body = json.dumps(content).encode()
        fields = [("authorization", f"Bearer {customer.key}"), ("content-type", "application/json")]
        whole = raw_request("POST", path, fields, body)
        sock = connect(shared.port)
        sock.sendall(whole[: -len(body)])
        waiting.append((sock, body))
    time.sleep(0.2)
    key, operator = f"{shared.url}/v1/admin/keys/{customer.key[:16]}", {"x-admin-key": shared.admin_key}
    call("POST", f"{key}/{end}", operator).expect(200)
    for sock, body in waiting:
        with sock:
            sock.sendall(body)
            assert parse(heard(sock)).status == 401


@pytest.mark.parametrize("path", [OPENAI.path, "/v1/keys"])
@pytest.mark.parametrize("dawdles", ["it is silent", "it drips and does not leave"])
def test_a_stop_does_not_wait_for_a_body_that_does_not_come(world, gateway, path, dawdles):
    customer = gateway.customer("1.00")
    body = json.dumps(OPENAI.request(customer)["json"]).encode()
    fields = [("authorization", f"Bearer {customer.key}"), ("expect", "100-continue")]
    whole = raw_request("POST", path, fields, body)
    with connect(gateway.port) as sock:
        sock.sendall(whole[: -len(body)])
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n", "the route waits for the body"
        sock.sendall(body[:10])
        began = time.monotonic()
        gateway.send(signal.SIGTERM)
        refused = parse(heard(sock))
        assert refused.status == 503 and b"stopping" in refused.body
        assert refused.headers["connection"] == "close"
        if dawdles != "it is silent":
            for byte in body[10:]:
                try:
                    sock.sendall(bytes([byte]))
                except OSError:
                    break
                time.sleep(0.1)
        assert gateway.wait() == 0
        # The time for saying goodbye; a body has sixty seconds, and a stop thirty.
        assert time.monotonic() - began < 15
    world.audit()
