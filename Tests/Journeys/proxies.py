"""nginx as a reverse proxy before the gateway, keeping its connections to it alive."""

import shutil
import socket
import subprocess
import time

CONFIGURATION = """
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


class Nginx:
    def __init__(self, directory, gateway_port):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert program, "nginx is missing: run Scripts/setup"
        self.port = free_port()
        configuration = directory / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(directory=directory, port=gateway_port, own=self.port))
        # The log is named twice because the first one opens before the configuration is read.
        arguments = [program, "-p", directory, "-c", configuration, "-e", directory / "nginx.log"]
        self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL)
        self._wait_until_listening()

    def _wait_until_listening(self):
        deadline = time.monotonic() + 10
        while True:
            assert self.process.poll() is None, "nginx ended at its start"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def free_port():
    """nginx can not bind port 0 and tell which it got."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
