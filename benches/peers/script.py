"""The job in twenty lines of Python: response times by manager and minute, of a file of messages.

It does far less than the fold: no ids seen before, no late messages, one definition, no percentiles.
"""
import json, sys, time

try:
    import orjson
    loads, module = orjson.loads, "orjson"
except ImportError:
    loads, module = json.loads, "json"

began = time.process_time()
last, cells, events = {}, {}, 0
for line in open(sys.argv[1], "rb"):
    message = loads(line)
    conversation, at, answer = message["conversation"], message["at"], message["author"] == "manager"
    key = (at // 60000, message["manager"])
    cell = cells.get(key)
    if cell is None:
        cell = cells[key] = [0, 0, set()]
    since = last.get(conversation)
    if answer and since:
        cell[0] += at - since
        cell[1] += 1
    cell[2].add(conversation)
    last[conversation] = None if answer else since or at
    events += 1
took = time.process_time() - began
print(json.dumps({"events": events, "cpu_ns": int(took * 1e9), "answers": sum(cell[1] for cell in cells.values()), "by": module}))
