#!/usr/bin/env bash
# The main requests with curl. `make dev` prints the key:
#
#     FAREBOX_KEY=fbx-… examples/requests.sh
set -euo pipefail
: "${FAREBOX_KEY:?set it to the key that make dev printed}"
: "${FAREBOX_URL:=http://127.0.0.1:4020}"

# What each model costs, and what is left
curl -sS "$FAREBOX_URL/v1/pricing"
curl -sS "$FAREBOX_URL/proxy/$FAREBOX_KEY/balance"

# OpenAI's dialect, whole and as a stream
curl -sS "$FAREBOX_URL/v1/chat/completions" \
  -H "Authorization: Bearer $FAREBOX_KEY" -H "Content-Type: application/json" \
  -d '{"model": "gpt-4o", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}'
curl -sSN "$FAREBOX_URL/v1/chat/completions" \
  -H "Authorization: Bearer $FAREBOX_KEY" -H "Content-Type: application/json" \
  -d '{"model": "gpt-4o", "max_tokens": 100, "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

# Anthropic's dialect, whole and as a stream
curl -sS "$FAREBOX_URL/v1/messages" \
  -H "x-api-key: $FAREBOX_KEY" -H "anthropic-version: 2023-06-01" -H "Content-Type: application/json" \
  -d '{"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}'
curl -sSN "$FAREBOX_URL/v1/messages" \
  -H "x-api-key: $FAREBOX_KEY" -H "anthropic-version: 2023-06-01" -H "Content-Type: application/json" \
  -d '{"model": "claude-sonnet-4-6", "max_tokens": 100, "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

# How many tokens that would be; free
curl -sS "$FAREBOX_URL/v1/messages/count_tokens" \
  -H "x-api-key: $FAREBOX_KEY" -H "anthropic-version: 2023-06-01" -H "Content-Type: application/json" \
  -d '{"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello"}]}'

# The models, and where the money went
curl -sS "$FAREBOX_URL/v1/models" -H "Authorization: Bearer $FAREBOX_KEY"
curl -sS "$FAREBOX_URL/proxy/$FAREBOX_KEY/transactions?limit=10"
