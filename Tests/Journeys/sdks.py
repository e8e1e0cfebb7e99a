"""Both official SDKs, sync and async, behind one face: ask, and hear text and raw events."""

import asyncio

import anthropic
import openai

from dialects import ANTHROPIC, OPENAI


class SDK:
    """One way to ask; `hear` returns the events it heard and the failure that ended them."""

    def __init__(self, dialect, isasync):
        self.dialect = dialect
        self.isasync = isasync

    def __str__(self):
        return f"{self.dialect.name}-{'async' if self.isasync else 'sync'}"

    def client(self, url, key, **options):
        if self.dialect is OPENAI:
            kind = openai.AsyncOpenAI if self.isasync else openai.OpenAI
            return kind(base_url=f"{url}/v1", api_key=key, **options)
        kind = anthropic.AsyncAnthropic if self.isasync else anthropic.Anthropic
        return kind(base_url=url, api_key=key, **options)

    def create(self, client, stream, content, headers):
        resource = client.chat.completions if self.dialect is OPENAI else client.messages
        request = {"model": self.dialect.model, "max_tokens": 500, "stream": stream}
        messages = [{"role": "user", "content": content}]
        return resource.create(**request, messages=messages, extra_headers=headers)

    def hear(self, url, key, stream, content, headers, **options):
        if self.isasync:
            return asyncio.run(self.hear_async(url, key, stream, content, headers, **options))
        events = []
        with self.client(url, key, **options) as client:
            answer = self.create(client, stream, content, headers)
            if not stream:
                return [answer.model_dump()], None
            try:
                for event in answer:
                    events.append(event.model_dump())
            except Exception as error:  # Whatever an SDK says of a cut stream.
                return events, error
        return events, None

    async def hear_async(self, url, key, stream, content, headers, **options):
        events = []
        async with self.client(url, key, **options) as client:
            answer = await self.create(client, stream, content, headers)
            if not stream:
                return [answer.model_dump()], None
            try:
                async for event in answer:
                    events.append(event.model_dump())
            except Exception as error:  # Whatever an SDK says of a cut stream.
                return events, error
        return events, None

    def text(self, events):
        """What the answer says, streamed or not."""
        parts = []
        for event in events:
            if "content" in event:
                parts += [block["text"] for block in event["content"]]
            for choice in event.get("choices") or []:
                parts.append((choice.get("delta") or choice.get("message"))["content"] or "")
            if event.get("type") == "content_block_delta":
                parts.append(event["delta"]["text"])
        return "".join(parts)


SDKS = [SDK(dialect, isasync) for dialect in (OPENAI, ANTHROPIC) for isasync in (False, True)]
