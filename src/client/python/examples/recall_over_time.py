"""Prints Recall@k over time of a log that is sent to Millrace as if it came now.

The log is a CSV file with the columns user, item and time (RFC 3339 or epoch milliseconds), in the order of its time. Each window of clicks is asked before
it is sent, so nothing is ranked by a model that has learnt it. The log tells only clicks, so each has an exposure of its own.
"""

import argparse
import csv
import time

from millrace import EventBatch, Millrace


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("log")
    options.add_argument("--recall", default="http://127.0.0.1:8080")
    options.add_argument("--ingest", default="http://127.0.0.1:8082")
    options.add_argument("--window", type=int, default=1_000)
    options.add_argument("-k", type=int, default=10)
    given = options.parse_args()

    client = Millrace(given.recall, given.ingest)
    with open(given.log, newline="", encoding="utf-8") as log:
        clicks = [(row["user"], row["item"], as_time(row["time"])) for row in csv.DictReader(log)]
    items = set()
    with EventBatch(client) as events:
        for at in range(0, len(clicks), given.window):
            window = clicks[at : at + given.window]
            if at > 0:
                hits, step = asked(client, window, given.k)
                print(f"{at:>9,} clicks  step {step:>6,}  Recall@{given.k} {hits / len(window):.3f}", flush=True)
            for user, item, moment in window:
                if item not in items:
                    items.add(item)
                    events.item(item, time=moment)
                exposure = events.exposure(user, item, time=moment)
                events.click(user, item, time=moment, exposure_id=exposure)
            events.flush()
            await_learnt(client, window[-1][0])


def as_time(text):
    return int(text) if text.isdigit() else text


def asked(client, window, k):
    """Returns how many clicked items were among the best k of their users, and the model's step."""
    answers = client.recall_all([{"user": user, "k": k, "excludeSeen": False} for user, _, _ in window])
    found = ([one["item"] for one in answer["items"]] for answer in answers)
    return sum(item in best for (_, item, _), best in zip(window, found)), answers[-1]["step"]


def await_learnt(client, user):
    """Waits until a generation answers, and its step stands still for two seconds."""
    while not client.is_ready():
        time.sleep(0.5)
    before, step = -1, client.recall(user, k=1)["step"]
    while step != before:
        time.sleep(2)
        before, step = step, client.recall(user, k=1)["step"]


if __name__ == "__main__":
    main()
