"""A proxy between an SDK and the gateway that cuts connections at a stage of its choice."""

import asyncio
import contextlib
import threading

from wire import with_reset

BEFORE_ANY_ANSWER = [
    "before the request is read",
    "after the request's head",
    "in the middle of the request's body",
    "after the whole request",
    "before the answer's head",
]
WITHIN_A_WHOLE_ANSWER = ["after the answer's head", "in the middle of the answer"]
WITHIN_A_STREAM = [
    "after the answer's head",
    "after piece 1",
    "after piece 2",
    "after piece 3",
    "in the middle of piece 1",
    "in the middle of piece 3",
    "before the last event",
]
AFTER_EVERYTHING = ["after the whole answer"]


class Cut(Exception):
    pass


class Cutter:
    """Runs proxies in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def proxy(self, gateway, dialect, stages, how):
        """A proxy that cuts its first connections, one at each of the stages, and lets the others be."""
        proxy = Proxy(gateway.port, dialect.end, list(stages), how)
        proxy.port = asyncio.run_coroutine_threadsafe(proxy.listen(), self.loop).result()
        proxy.url = f"http://127.0.0.1:{proxy.port}"
        return proxy

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


class Proxy:
    def __init__(self, gateway_port, end, stages, how):
        self.gateway_port = gateway_port
        self.end = end
        self.stages = stages
        self.how = how
        self.connections = 0

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.connections += 1
        stage = self.stages.pop(0) if self.stages else None
        gateway = None
        try:
            if stage == "before the request is read":
                raise Cut
            gateway = await asyncio.open_connection("127.0.0.1", self.gateway_port)
            if stage:
                await self.pass_until(stage, (reader, writer), gateway)
            else:
                await asyncio.gather(self.pipe(reader, gateway[1]), self.pipe(gateway[0], writer))
        except Cut:
            await asyncio.gather(writer.drain(), asyncio.sleep(0.02))
            if self.how == "RST":
                for side in [writer, *([gateway[1]] if gateway else [])]:
                    with_reset(side.get_extra_info("socket"))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            if gateway:
                gateway[1].close()

    async def pipe(self, reader, writer):
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def pass_until(self, stage, agent, gateway):
        def reached(name):
            if stage == name:
                raise Cut

        head = await agent[0].readuntil(b"\r\n\r\n")
        gateway[1].write(head)
        reached("after the request's head")
        body = await agent[0].readexactly(field(head, b"content-length"))
        gateway[1].write(body[: len(body) // 2])
        reached("in the middle of the request's body")
        gateway[1].write(body[len(body) // 2 :])
        reached("after the whole request")
        head = await gateway[0].readuntil(b"\r\n\r\n")
        reached("before the answer's head")
        agent[1].write(head)
        reached("after the answer's head")
        if b"transfer-encoding: chunked" in head.lower():
            await self.pass_pieces(stage, agent[1], gateway[0])
        else:
            body = await gateway[0].readexactly(field(head, b"content-length"))
            agent[1].write(body[: len(body) // 2])
            reached("in the middle of the answer")
            agent[1].write(body[len(body) // 2 :])
        reached("after the whole answer")
        raise AssertionError(f"no such stage: {stage}")

    async def pass_pieces(self, stage, writer, reader):
        count = 0
        while True:
            count += 1
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            piece = await reader.readexactly(size + 2)
            writer.write(line)
            if stage == f"in the middle of piece {count}":
                writer.write(piece[: size // 2])
                raise Cut
            if stage == "before the last event" and self.end in piece:
                writer.write(piece[: piece.index(self.end)])
                raise Cut
            writer.write(piece)
            if size == 0:
                return
            if stage == f"after piece {count}":
                raise Cut


def field(head, name):
    lower = head.lower()
    at = lower.index(name + b":") + len(name) + 1
    return int(lower[at : lower.index(b"\r\n", at)])
