"""An upstream that answers with exactly the bytes it was given, and keeps the bytes it was sent."""

import contextlib
import socket
import threading


class ScriptedUpstream:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pieces = []
        self.heard = []
        threading.Thread(target=self._serve, daemon=True).start()

    def answer(self, *pieces, content_type="text/event-stream", status="200 OK", headers=()):
        """Each piece is a chunk of its own, flushed apart."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers)
        chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
        self.pieces = [head.encode() + b"connection: close\r\n\r\n", *chunks, b"0\r\n\r\n"]

    def close(self):
        self.listener.close()

    @property
    def last(self):
        """The head and the body of the newest request."""
        head, _, body = self.heard[-1].partition(b"\r\n\r\n")
        return head, body

    def headers(self):
        fields = self.last[0].split(b"\r\n")[1:]
        pairs = [field.decode().split(":", 1) for field in fields]
        return [(name.strip().lower(), value.strip()) for name, value in pairs]

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._converse, args=[connection], daemon=True).start()

    def _converse(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = self._read(connection)
            if request:
                self.heard.append(request)
                for piece in self.pieces:
                    connection.sendall(piece)

    def _read(self, connection):
        heard = b""
        while b"\r\n\r\n" not in heard:
            piece = connection.recv(65536)
            if not piece:
                return b""
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        lower = head.lower()
        assert b"transfer-encoding" not in lower, "the gateway knows how long a body is"
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body
