"""What an inference should cost, worked out again from the published prices alone."""

from wire import call

PRICE_OF = {
    "input": "input_per_1m",
    "output": "output_per_1m",
    "reasoning": "reasoning_per_1m",
    "cache_read": "cache_read_per_1m",
    "cache_write_5m": "cache_write_per_1m",
    "cache_write_1h": "cache_write_1h_per_1m",
}


def prices(gateway, model):
    """The published prices of a model, by its bare name."""
    published = call("GET", f"{gateway.url}/v1/pricing").expect(200).json()["pricing"]
    return next(row for name, row in published.items() if name.endswith(f"/{model}"))


def usage_openai(sent):
    """The usage by class that OpenAI's report of these tokens means."""
    writes = sent["cache_write_5m_tokens"] + sent["cache_write_1h_tokens"]
    return without_zeros(
        input=sent["input_tokens"],
        output=sent["output_tokens"] - sent["reasoning_tokens"],
        reasoning=sent["reasoning_tokens"],
        cache_read=sent["cache_read_tokens"],
        cache_write_5m=writes,
    )


def usage_anthropic(sent):
    """The usage by class that Anthropic's report of these tokens means."""
    return without_zeros(
        input=sent["input_tokens"],
        output=sent["output_tokens"],
        cache_read=sent["cache_read_tokens"],
        cache_write_5m=sent["cache_write_5m_tokens"],
        cache_write_1h=sent["cache_write_1h_tokens"],
    )


def without_zeros(**counts):
    return {name: count for name, count in counts.items() if count}


def price(row, usage):
    """Micro-USD, rounded up once."""
    total = sum(count * row[PRICE_OF[name]] for name, count in usage.items())
    return -(-total // 1_000_000)


def check_charge(customer, receipt_id, usage, before, model):
    """The receipt, the balance and the transaction say the same, and it is what the prices say."""
    receipt = customer.settled(receipt_id)
    expected = price(prices(customer.gateway, model), usage)
    told = {name: count for name, count in receipt["usage"].items() if count and name != "request"}
    assert told == usage
    assert receipt["usage_source"] == "reported"
    assert receipt["charge"] == expected
    assert receipt["overrun"] == 0
    assert receipt["hold"] >= receipt["charge"] > 0
    assert receipt["balance_after"] == before - expected
    assert customer.balance() == before - expected
    newest = call("GET", f"{customer.proxy}/transactions?limit=1").json()["transactions"][0]
    assert (newest["type"], newest["usdc_amount"]) == ("DEBIT", -expected)
    return receipt


def dollars(micro):
    return f"{micro // 1_000_000}.{micro % 1_000_000:06}"
