"""The official Anthropic SDK, unmodified: what it hears is what was sent, and that is what is charged."""

import asyncio
import json
from types import SimpleNamespace

import anthropic
import pytest

from dialects import ANTHROPIC
from money import check_charge, usage_anthropic

HELLO = [{"role": "user", "content": "Bonjour."}]
WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def at_root(customer):
    return {"base_url": customer.gateway.url, "api_key": customer.key}


def as_bearer(customer):
    return {"base_url": customer.gateway.url, "auth_token": customer.key}


def in_path(customer):
    return {"base_url": customer.proxy, "api_key": "level5"}


def whole(options, **request):
    with anthropic.Anthropic(**options, max_retries=0) as client:
        answer = client.messages.with_raw_response.create(**request)
        return heard(answer.headers, answer.parse())


def whole_async(options, **request):
    async def ask():
        async with anthropic.AsyncAnthropic(**options, max_retries=0) as client:
            answer = await client.messages.with_raw_response.create(**request)
            return heard(answer.headers, await answer.parse())

    return asyncio.run(ask())


def streamed(options, **request):
    with anthropic.Anthropic(**options, max_retries=0) as client:
        with client.messages.stream(**request) as stream:
            return heard(stream.response.headers, stream.get_final_message())


def streamed_async(options, **request):
    async def ask():
        async with anthropic.AsyncAnthropic(**options, max_retries=0) as client:
            async with client.messages.stream(**request) as stream:
                message = await stream.get_final_message()
                return heard(stream.response.headers, message)

    return asyncio.run(ask())


def heard(headers, message):
    return SimpleNamespace(
        headers=headers,
        text="".join(block.text for block in message.content if block.type == "text"),
        calls=[(block.name, block.input) for block in message.content if block.type == "tool_use"],
        finish=message.stop_reason,
        usage=message.usage,
    )


WAYS = [whole, streamed, whole_async, streamed_async]
ways = pytest.mark.parametrize("ask", WAYS, ids=lambda way: way.__name__)


@pytest.fixture
def customer(shared):
    return shared.customer("5.00")


def ask_and_check(customer, ask, base=at_root, directives="", **request):
    """Asks, and checks usage and charge against what the simulator says that it sent."""
    before = customer.balance()
    request = {"model": ANTHROPIC.model, "messages": HELLO, "max_tokens": 500} | request
    answer = ask(base(customer), **request, extra_headers={"anthropic-simulate": directives})
    sent = customer.gateway.world.simulator.last()["sent"]
    assert answer.usage.input_tokens == sent["input_tokens"]
    assert answer.usage.output_tokens == sent["output_tokens"]
    assert answer.usage.cache_read_input_tokens == sent["cache_read_tokens"]
    writes = sent["cache_write_5m_tokens"] + sent["cache_write_1h_tokens"]
    assert answer.usage.cache_creation_input_tokens == writes
    receipt = answer.headers["x-farebox-receipt"]
    check_charge(customer, receipt, usage_anthropic(sent), before, ANTHROPIC.model)
    if "text/event-stream" not in answer.headers["content-type"]:
        assert int(answer.headers["x-balance-remaining"]) == customer.balance()
    return answer


@ways
@pytest.mark.parametrize("base", [at_root, as_bearer, in_path])
def test_an_answer_says_and_costs_what_was_sent(customer, ask, base):
    """L5-8, and L5-10: with the key in the path, the SDK's own is a placeholder."""
    directives = "text=Bonjour%20le%20monde%20%E2%9C%93; input_tokens=321; output_tokens=45"
    answer = ask_and_check(customer, ask, base, directives)
    assert answer.text == "Bonjour le monde ✓"
    assert answer.finish == "end_turn"
    assert answer.usage.input_tokens == 321
    assert answer.usage.output_tokens == 45


@ways
def test_a_tool_is_called(customer, ask):
    answer = ask_and_check(customer, ask, directives="tool=1; output_tokens=9", tools=[WEATHER])
    assert answer.finish == "tool_use"
    assert answer.calls == [("weather", {"city": "Paris"})]


@ways
def test_an_image_arrives_as_it_was_sent(customer, ask):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    ask_and_check(customer, ask, messages=[{"role": "user", "content": content}])
    sent = json.loads(customer.gateway.world.simulator.last()["body"])
    assert sent["messages"][0]["content"] == content


@ways
def test_a_cached_system_prompt_arrives_and_is_priced_by_its_class(customer, ask):
    system = [{"type": "text", "text": "Be brief — très brève.", "cache_control": {"type": "ephemeral"}}]
    directives = (
        "input_tokens=11; cache_read_tokens=70; cache_write_5m_tokens=130; cache_write_1h_tokens=170; "
        "output_tokens=33"
    )
    answer = ask_and_check(customer, ask, directives=directives, system=system)
    assert answer.usage.cache_creation.ephemeral_1h_input_tokens == 170
    sent = json.loads(customer.gateway.world.simulator.last()["body"])
    assert sent["system"] == system


def test_events_arrive_one_by_one(customer):
    with anthropic.Anthropic(**at_root(customer)) as client:
        kinds = [
            event.type
            for event in client.messages.create(
                model=ANTHROPIC.model, messages=HELLO, max_tokens=50, stream=True
            )
        ]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert kinds.count("content_block_delta") > 1


@pytest.mark.parametrize("base", [at_root, as_bearer, in_path])
def test_counting_tokens_is_free(customer, base):
    before = customer.balance()
    request = {"model": ANTHROPIC.model, "messages": HELLO, "system": "Be brief."}
    with anthropic.Anthropic(**base(customer)) as client:
        counted = client.messages.count_tokens(
            **request, extra_headers={"anthropic-simulate": "input_tokens=777"}
        )
    assert counted.input_tokens == 777

    async def count():
        async with anthropic.AsyncAnthropic(**base(customer)) as client:
            return await client.messages.count_tokens(**request)

    assert asyncio.run(count()).input_tokens > 0
    assert customer.balance() == before
    assert customer.charges() == []


@pytest.mark.parametrize("base", [at_root, as_bearer, in_path])
def test_the_models_are_listed_in_anthropics_shape(customer, base):
    with anthropic.Anthropic(**base(customer)) as client:
        page = client.models.list()
        assert any(model.id.endswith(ANTHROPIC.model) for model in page.data)
        assert all(model.type == "model" and model.display_name for model in page.data)
        assert page.first_id == page.data[0].id
        assert page.has_more is False
        assert client.models.retrieve(ANTHROPIC.model).type == "model"


def refused(ask, options, error, **request):
    request = {"model": ANTHROPIC.model, "messages": HELLO, "max_tokens": 50} | request
    with pytest.raises(error) as caught:
        ask(options, **request)
    body = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["message"]
    assert caught.value.request_id
    return caught.value


@ways
def test_a_bad_request_is_a_bad_request_error(customer, ask):
    refused(ask, at_root(customer), anthropic.BadRequestError, max_tokens=-1)
    assert customer.charges() == []


@ways
def test_an_unknown_key_is_an_authentication_error(customer, ask):
    options = at_root(customer) | {"api_key": "fbx-000000000000-" + "0" * 64}
    refused(ask, options, anthropic.AuthenticationError)


@ways
def test_an_empty_account_is_a_payment_required_error(shared, ask):
    """L5-44, otherwise."""
    poor = shared.customer()
    error = refused(ask, at_root(poor), anthropic.PaymentRequiredError)
    assert error.body["error"]["type"] == "billing_error"
    assert "0.000000" in error.body["error"]["message"]


@ways
def test_an_unknown_model_is_a_not_found_error(customer, ask):
    error = refused(ask, at_root(customer), anthropic.NotFoundError, model="claude-nobody")
    assert error.body["error"]["type"] == "not_found_error"


@ways
@pytest.mark.parametrize(
    "status, error",
    [
        (400, anthropic.BadRequestError),
        (404, anthropic.NotFoundError),
        (413, anthropic.APIStatusError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
def test_an_error_of_the_provider_keeps_its_class(customer, ask, status, error):
    headers = {"anthropic-simulate": f"status={status}; retry_after=7"}
    caught = refused(ask, at_root(customer), error, extra_headers=headers)
    assert caught.status_code == status
    assert caught.response.headers["retry-after"] == "7"
    assert customer.charges() == []
