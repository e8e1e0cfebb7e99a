"""The official OpenAI SDK, unmodified: what it hears is what was sent, and that is what is charged."""

import asyncio
import json
from types import SimpleNamespace

import openai
import pytest

from dialects import OPENAI
from money import check_charge, usage_openai

HELLO = [{"role": "user", "content": "Bonjour."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def at_root(customer):
    return {"base_url": f"{customer.gateway.url}/v1", "api_key": customer.key}


def in_path(customer):
    return {"base_url": f"{customer.proxy}/v1", "api_key": "level5"}


def in_path_without_v1(customer):
    return {"base_url": customer.proxy, "api_key": "level5"}


def whole(options, **request):
    with openai.OpenAI(**options, max_retries=0) as client:
        answer = client.chat.completions.with_raw_response.create(**request)
        return heard_whole(answer.headers, answer.parse())


def whole_async(options, **request):
    async def ask():
        async with openai.AsyncOpenAI(**options, max_retries=0) as client:
            answer = await client.chat.completions.with_raw_response.create(**request)
            return heard_whole(answer.headers, answer.parse())

    return asyncio.run(ask())


def streamed(options, **request):
    with openai.OpenAI(**options, max_retries=0) as client:
        answer = client.chat.completions.with_raw_response.create(
            **request, stream=True, stream_options={"include_usage": True}
        )
        return heard_stream(answer.headers, list(answer.parse()))


def streamed_async(options, **request):
    async def ask():
        async with openai.AsyncOpenAI(**options, max_retries=0) as client:
            answer = await client.chat.completions.with_raw_response.create(
                **request, stream=True, stream_options={"include_usage": True}
            )
            return heard_stream(answer.headers, [chunk async for chunk in answer.parse()])

    return asyncio.run(ask())


def heard_whole(headers, completion):
    message = completion.choices[0].message
    calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or []]
    return SimpleNamespace(
        headers=headers,
        text=message.content or "",
        calls=calls,
        finish=completion.choices[0].finish_reason,
        usage=completion.usage,
    )


def heard_stream(headers, chunks):
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    parts = [call.function for delta in deltas for call in delta.tool_calls or []]
    name = next((part.name for part in parts if part.name), None)
    finish = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    return SimpleNamespace(
        headers=headers,
        text="".join(delta.content or "" for delta in deltas),
        calls=[(name, "".join(part.arguments or "" for part in parts))] if name else [],
        finish=next(reason for reason in reversed(finish) if reason),
        usage=chunks[-1].usage,
    )


WAYS = [whole, streamed, whole_async, streamed_async]
ways = pytest.mark.parametrize("ask", WAYS, ids=lambda way: way.__name__)


@pytest.fixture
def customer(shared):
    return shared.customer("5.00")


def ask_and_check(customer, ask, base=at_root, directives="", **request):
    """Asks, and checks usage and charge against what the simulator says that it sent."""
    before = customer.balance()
    request = {"model": OPENAI.model, "messages": HELLO, "max_tokens": 500} | request
    heard = ask(base(customer), **request, extra_headers={"openai-simulate": directives})
    sent = customer.gateway.world.simulator.last()["sent"]
    cached = sent["cache_read_tokens"]
    writes = sent["cache_write_5m_tokens"] + sent["cache_write_1h_tokens"]
    assert heard.usage.prompt_tokens == sent["input_tokens"] + cached + writes
    assert heard.usage.completion_tokens == sent["output_tokens"]
    assert heard.usage.prompt_tokens_details.cached_tokens == cached
    receipt = heard.headers["x-farebox-receipt"]
    check_charge(customer, receipt, usage_openai(sent), before, OPENAI.model)
    if "text/event-stream" not in heard.headers["content-type"]:
        assert int(heard.headers["x-balance-remaining"]) == customer.balance()
    return heard


@ways
@pytest.mark.parametrize("base", [at_root, in_path, in_path_without_v1])
def test_an_answer_says_and_costs_what_was_sent(customer, ask, base):
    """L5-7, and L5-10: with the key in the path, the SDK's own is a placeholder."""
    directives = "text=Bonjour%20le%20monde%20%E2%9C%93; input_tokens=321; output_tokens=45"
    heard = ask_and_check(customer, ask, base, directives)
    assert heard.text == "Bonjour le monde ✓"
    assert heard.finish == "stop"
    assert heard.usage.prompt_tokens == 321
    assert heard.usage.completion_tokens == 45


@ways
def test_a_tool_is_called(customer, ask):
    heard = ask_and_check(customer, ask, directives="tool=1; output_tokens=9", tools=[WEATHER])
    assert heard.finish == "tool_calls"
    [(name, arguments)] = heard.calls
    assert name == "weather"
    assert json.loads(arguments) == {"city": "Paris"}


def test_the_result_of_a_tool_is_sent_back(customer):
    messages = HELLO + [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    ask_and_check(customer, whole, messages=messages, tools=[WEATHER])
    sent = json.loads(customer.gateway.world.simulator.last()["body"])
    assert sent["messages"] == messages


@ways
def test_an_image_arrives_as_it_was_sent(customer, ask):
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PIXEL}},
    ]
    ask_and_check(customer, ask, messages=[{"role": "user", "content": content}])
    sent = json.loads(customer.gateway.world.simulator.last()["body"])
    assert sent["messages"][0]["content"] == content


@ways
def test_a_system_prompt_arrives_as_it_was_sent(customer, ask):
    messages = [{"role": "system", "content": "Be brief — très brève."}] + HELLO
    ask_and_check(customer, ask, messages=messages)
    sent = json.loads(customer.gateway.world.simulator.last()["body"])
    assert sent["messages"] == messages


@ways
def test_cached_and_reasoning_tokens_have_prices_of_their_own(customer, ask):
    directives = "input_tokens=11; cache_read_tokens=700; output_tokens=33; reasoning_tokens=20"
    heard = ask_and_check(customer, ask, directives=directives)
    assert heard.usage.completion_tokens_details.reasoning_tokens == 20


@ways
def test_two_choices_are_both_charged(customer, ask):
    heard = ask_and_check(customer, ask, directives="output_tokens=7", n=2)
    assert heard.usage.completion_tokens == 14


def test_the_streaming_helper_gives_the_final_completion(customer):
    with openai.OpenAI(**at_root(customer)) as client:
        with client.chat.completions.stream(model=OPENAI.model, messages=HELLO, max_tokens=50) as stream:
            for _ in stream:
                pass
            completion = stream.get_final_completion()
    assert completion.choices[0].message.content.startswith("A simulated upstream")


def test_a_usage_that_was_not_asked_for_is_charged_and_not_shown(customer):
    before = customer.balance()
    with openai.OpenAI(**at_root(customer)) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=OPENAI.model, messages=HELLO, max_tokens=50, stream=True
        )
        chunks = list(answer.parse())
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    usage = usage_openai(customer.gateway.world.simulator.last()["sent"])
    check_charge(customer, answer.headers["x-farebox-receipt"], usage, before, OPENAI.model)


@pytest.mark.parametrize("base", [at_root, in_path, in_path_without_v1])
def test_the_models_are_listed(customer, base):
    with openai.OpenAI(**base(customer)) as client:
        listed = list(client.models.list())
        names = {model.id for model in listed}
        assert any(name.endswith("gpt-4o") for name in names)
        assert all(model.object == "model" for model in listed)
        assert client.models.retrieve("gpt-4o").object == "model"

    async def list_async():
        async with openai.AsyncOpenAI(**base(customer)) as client:
            return {model.id async for model in client.models.list()}

    assert asyncio.run(list_async()) == names


def refused(ask, options, error, **request):
    request = {"model": OPENAI.model, "messages": HELLO, "max_tokens": 50} | request
    with pytest.raises(error) as caught:
        ask(options, **request)
    assert caught.value.body["message"]
    return caught.value


@ways
def test_a_bad_request_is_a_bad_request_error(customer, ask):
    refused(ask, at_root(customer), openai.BadRequestError, max_tokens=-1)
    assert customer.charges() == []


@ways
def test_an_unknown_key_is_an_authentication_error(customer, ask):
    options = at_root(customer) | {"api_key": "fbx-000000000000-" + "0" * 64}
    refused(ask, options, openai.AuthenticationError)


@ways
def test_an_empty_account_is_told_with_402_and_the_numbers(shared, ask):
    """L5-44, otherwise: errors have the SDK's shape. One that was never funded is no unknown one, and gets 402, too."""
    """The SDK has no class of its own for 402, and does not try again."""
    poor = shared.customer()
    error = refused(ask, at_root(poor), openai.APIStatusError)
    assert type(error) is openai.APIStatusError
    assert error.status_code == 402
    assert "0.000000" in error.message


@ways
def test_an_unknown_model_is_a_not_found_error(customer, ask):
    error = refused(ask, at_root(customer), openai.NotFoundError, model="gpt-nobody")
    assert error.code == "model_not_found"


@ways
@pytest.mark.parametrize(
    "status, error",
    [
        (400, openai.BadRequestError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_an_error_of_the_provider_keeps_its_class(customer, ask, status, error):
    headers = {"openai-simulate": f"status={status}; retry_after=7"}
    caught = refused(ask, at_root(customer), error, extra_headers=headers)
    assert caught.status_code == status
    assert caught.response.headers["retry-after"] == "7"
    assert customer.charges() == []


def test_the_sdk_tries_again_after_a_rate_limit_for_free(customer):
    simulator = customer.gateway.world.simulator
    with openai.OpenAI(**at_root(customer), max_retries=1) as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(
                model=OPENAI.model,
                messages=HELLO,
                max_tokens=50,
                extra_headers={"openai-simulate": "status=429; retry_after=0"},
            )
    assert simulator.received()["count"] == 2
    assert customer.charges() == []
