"""Servers whose answers tell which request they belong to."""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TAG = re.compile(rb"tag-[a-z]+-\d+-\w+")


class TaggedUpstream:
    """An upstream that repeats the tag of each prompt in its answer, and remembers which tags it heard."""

    def __init__(self):
        self.lock = threading.Lock()
        self.heard = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                tags = [tag.decode() for tag in TAG.findall(body)]
                with upstream.lock:
                    upstream.heard.extend(tags)
                answer = answered(" ".join(tags))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def answered(content):
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


class ConfusedServer:
    """No gateway: reads requests as a careless server does, to show that the judge sees it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=[connection], daemon=True).start()

    def _converse(self, connection):
        with connection, connection.makefile("rb") as reader:
            try:
                while line := reader.readline():
                    if len(line.split()) >= 3:
                        self._answer(connection, reader, line)
            except (OSError, ValueError, IndexError, OverflowError):
                return

    def _answer(self, connection, reader, line):
        length = 0
        while field := reader.readline().strip():
            name, _, value = field.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        body = reader.read(length) if length > 0 else b""
        target = line.split()[1]
        if target.startswith(b"/v1/models/"):
            told = json.dumps({"id": target.decode().removeprefix("/v1/models")}).encode()
        else:
            told = answered(" ".join(tag.decode() for tag in TAG.findall(body)))
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told))
