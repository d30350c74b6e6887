"""What schemathesis has to be told of the doors."""

import itertools
import json

import schemathesis

# A flush comes once a second: only every so many requests wait for one.
WAITING = itertools.count()
EVERY = 25

# What a schema cannot say: which hooks there are, which days a calendar has, and how many digits a number.
UNSAID = ["names no hook of the token", "not a time", "outside 1970 to 2100", "a date in quotes", "an amount like", "seconds, from 0 to"]


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    if isinstance(value, (bytes, str)):
        return value
    items = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(item) for item in items)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if (case.query or {}).get("wait") == "flushed" and next(WAITING) % EVERY:
        del case.query["wait"]


@schemathesis.check
def events_are_judged_as_their_schema_says(ctx, response, case):
    if case.operation.path != "/v1/events" or case.meta is None:
        return
    answer = response.json()
    if case.meta.generation.mode.is_negative:
        assert response.status_code >= 400 or answer["rejected"], "nothing was refused"
        return
    events = answer.get("rejected") or [answer] * (response.status_code >= 400)
    unexpected = [event for event in events if not is_unsaid(event)]
    assert not unexpected, unexpected[:3]


def is_unsaid(event):
    """Whether an event was refused for what its schema cannot say, or because of the clock."""
    return event["code"] == "future" or any(text in event["detail"] for text in UNSAID)
