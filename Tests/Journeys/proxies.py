"""Real reverse proxies before the gateway, which keep their connections to it alive and share them among clients."""

import contextlib
import csv
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import framing

NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    keepalive_requests 100000;
    upstream gateway {{
        server 127.0.0.1:{port};
        keepalive 4;
        keepalive_requests 100000;
    }}
    server {{
        listen 127.0.0.1:{own};
        client_max_body_size 40m;
        location / {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_request_buffering off;
            proxy_next_upstream off;
        }}
    }}
}}
"""

# One thread, so that there is one pool of connections, from which each request may take any.
HAPROXY = """
global
    nbthread 1
    stats socket ipv4@127.0.0.1:{counts} level operator
defaults
    mode http
    option http-keep-alive
    {strictness}
    http-reuse always
    retries 0
    timeout connect 5s
    timeout client 8s
    timeout server 8s
    timeout http-keep-alive 8s
frontend agents
    bind 127.0.0.1:{own}
    default_backend gateway
backend gateway
    server gateway 127.0.0.1:{port} pool-max-conn 4
"""


class Proxy:
    """A proxy's process, from when it listens.

    `reader` is what it forgives, `refuses` what it does not pass on although it is good.
    """

    def __init__(self, name, arguments, port, reader, refuses=frozenset()):
        self.name, self.port, self.reader, self.refuses = name, port, reader, refuses
        self.process = subprocess.Popen([str(each) for each in arguments], stdin=subprocess.DEVNULL)
        self._wait_until_listening()

    def _wait_until_listening(self):
        deadline = time.monotonic() + 30
        while True:
            assert self.process.poll() is None, f"{self.name} ended at its start"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, f"{self.name} does not listen"
                time.sleep(0.02)

    def sharing(self):
        """How its requests shared its connections, as far as it tells."""
        return "which does not count its connections"

    def close(self):
        self.process.terminate()
        self.process.wait(30)


class Nginx(Proxy):
    def __init__(self, directory, server_port):
        port = free_port()
        configuration = directory / "nginx.conf"
        configuration.write_text(NGINX.format(directory=directory, port=server_port, own=port))
        # The log is named twice because the first one opens before the configuration is read.
        arguments = [program("nginx"), "-p", directory, "-c", configuration, "-e", directory / "nginx.log"]
        super().__init__("nginx", arguments, port, framing.NGINX)


class HAProxy(Proxy):
    """HAProxy as it comes, or told to let pass what it would refuse."""

    # What it calls that, the newest name first.
    LENIENT = ["option accept-unsafe-violations-in-http-request", "option accept-invalid-http-request"]

    def __init__(self, directory, server_port, is_lenient=False):
        port, self.counts = free_port(), free_port()
        configuration = directory / "haproxy.conf"
        for strictness in self.LENIENT if is_lenient else [""]:
            configuration.write_text(
                HAPROXY.format(port=server_port, own=port, counts=self.counts, strictness=strictness)
            )
            check = [program("haproxy"), "-c", "-q", "-f", str(configuration)]
            told = subprocess.run(check, capture_output=True, text=True, check=False)
            if told.returncode == 0:
                break
        assert told.returncode == 0, told.stderr
        arguments = [program("haproxy"), "-db", "-q", "-f", configuration]
        reader = framing.LENIENT_HAPROXY if is_lenient else framing.HAPROXY
        # Its buffer has 16 KiB.
        super().__init__("haproxy", arguments, port, reader, {"a chunk with a long extension"})

    def sharing(self):
        with socket.create_connection(("127.0.0.1", self.counts), timeout=10) as sock:
            sock.sendall(b"show stat\n")
            with sock.makefile() as reader:
                rows = list(csv.DictReader(reader))
        server = next(row for row in rows if row["svname"] == "gateway")
        opened, reused = int(server["connect"]), int(server["reuse"])
        assert reused > opened, "hardly any request took a connection that another had left"
        return f"which opened {opened} connections and took one again {reused} times"


def program(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found, f"{name} is missing: run Scripts/setup"
    return found


def free_port():
    """Neither proxy can bind port 0 and tell which it got: a port that no connection is given meanwhile."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = max(1024, lowest - 20_000) + secrets.randbelow(min(20_000, lowest - 1024))
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
