"""A source of SOL's rate, over HTTP: answers what it was last given, and counts how often it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from programs import until


class RateSource:
    def __init__(self, dollars):
        self.asked = 0
        self.turn = threading.Lock()
        self.quote(dollars)
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with source.turn:
                    status, body = source.once.pop(0) if source.once else source.answer
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                with source.turn:
                    source.asked += 1

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v2/prices/SOL-USD/spot?api_key=of-the-operators"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def quote(self, dollars):
        """Answers as Coinbase does, from now on."""
        self.say(coinbase(dollars))

    def say(self, body, status=200):
        with self.turn:
            self.once, self.answer = [], (status, body)

    def say_once(self, *bodies):
        with self.turn:
            self.once = [(200, body) for body in bodies]

    def wait_for_reads(self, count):
        """Returns when so many answers of those that it gives now were read.

        One may be on its way that was given before; who asks again has read the one before it.
        """
        start = self.asked
        until(lambda: self.asked >= start + count + 2, "the source to be asked")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def coinbase(dollars):
    return json.dumps({"data": {"amount": dollars, "base": "SOL", "currency": "USD"}}).encode()
