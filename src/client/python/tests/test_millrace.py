import builtins
import http.server
import json
import os
import pathlib
import tempfile
import threading
import unittest
from unittest import mock

import millrace

RECALL = os.environ.get("MILLRACE_RECALL")
INGEST = os.environ.get("MILLRACE_INGEST")


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers as a test says, one by one, and keeps the bodies."""

    protocol_version = "HTTP/1.1"
    bodies = []
    answers = []

    def do_POST(self):
        self.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        status, body, headers = self.answers.pop(0) if self.answers else (202, {}, {})
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *line):
        pass


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        Answers.bodies.clear()
        Answers.answers.clear()
        self.pauses = []
        url = "http://127.0.0.1:%d" % self.server.server_port
        self.client = millrace.Millrace(url, url, pause=self.pauses.append)

    def tearDown(self):
        self.client.close()

    def batch(self, **options):
        return millrace.EventBatch(self.client, max_wait=60, **options)

    def test_a_retried_click_keeps_its_id_and_time(self):
        Answers.answers += [(503, {"detail": "late"}, {"Retry-After": "2"}), (503, {"detail": "late"}, {})]
        with self.batch() as batch:
            exposure = batch.exposure("u1", "i1")
            click = batch.click("u1", "i1", exposure_id=exposure)

        self.assertEqual(3, len(Answers.bodies))
        self.assertEqual(1, len(set(Answers.bodies)))
        self.assertEqual(click, json.loads(Answers.bodies[0])["clicks"][0]["click_id"])
        self.assertNotEqual(exposure, click)
        # Retry-After and a part of 100 ms, then a part of 200 ms
        self.assertTrue(2 <= self.pauses[0] <= 2.1, self.pauses)
        self.assertTrue(0 <= self.pauses[1] <= 0.2, self.pauses)

    def test_what_lasts_is_not_repeated(self):
        Answers.answers.append((400, {"detail": "k must be a whole number"}, {}))

        with self.assertRaisesRegex(millrace.RefusedError, "400: k must be a whole number"):
            self.client.recall("u1", k=0, exclude_seen=False)

        self.assertEqual(['{"user":"u1","k":0,"excludeSeen":false}'], Answers.bodies)

    def test_an_order_is_sent_once(self):
        Answers.answers.append((503, {"detail": "late"}, {}))

        with self.assertRaises(millrace.RefusedError):
            self.client.promote("g2")

        self.assertEqual(1, len(Answers.bodies))

    def test_an_unusable_event_holds_up_no_other(self):
        unusable = {"event": "clicks[1]", "line": 1, "reason": "bad-time", "detail": "time = 1: must be …"}
        Answers.answers.append((422, {"unusable": 1, "events": [unusable]}, {}))
        left = []
        with self.batch(on_unusable=lambda why, event: left.append((why["reason"], event["click_id"]))) as batch:
            batch.click("u1", "i1", click_id="c1", time=5)
            batch.user("u1", time=5)
            batch.click("u1", "i1", click_id="c2", time=1)

        self.assertEqual([("bad-time", "c2")], left)
        self.assertEqual(
            {
                "clicks": [{"click_id": "c1", "time": 5, "user_id": "u1", "item_id": "i1"}],
                "users": [{"time": 5, "user_id": "u1"}],
            },
            json.loads(Answers.bodies[1]),
        )

    def test_a_batch_has_at_most_so_many_bytes(self):
        with self.batch(max_bytes=10) as batch:
            for item in ("i1", "i2", "i3"):
                batch.remove_item(item)  # 4 bytes and a comma

        self.assertEqual(['{"removed_items":["i1","i2"]}', '{"removed_items":["i3"]}'], Answers.bodies)

    def test_what_was_not_accepted_still_waits(self):
        Answers.answers += [(503, {"detail": "late"}, {})] * 6
        batch = self.batch(max_waiting=1)
        batch.remove_item("i1")

        with self.assertRaises(millrace.RefusedError):
            batch.flush()
        with self.assertRaisesRegex(RuntimeError, "1 events wait"):
            batch.remove_item("i2")
        batch.close()

        self.assertEqual(7, len(Answers.bodies))

    def test_vectors_are_read_without_numpy_too(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".ljust(117) + b"\n"
        floats = bytes.fromhex("0000803f 00000040 00004040 00008040")  # 1, 2, 3, 4
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "ids.txt").write_text("a\nb\u2028c\n", "utf-8")
            pathlib.Path(folder, "vectors.npy").write_bytes(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header + floats)
            found = [millrace.item_vectors(folder)]
            imports = builtins.__import__
            with mock.patch("builtins.__import__", lambda name, *more: none(name) or imports(name, *more)):
                found.append(millrace.item_vectors(folder))

        for ids, vectors in found:
            self.assertEqual(["a", "b\u2028c"], ids)
            self.assertEqual([[1, 2], [3, 4]], [list(row) for row in vectors])


def none(name):
    if name == "numpy":
        raise ImportError(name)


@unittest.skipUnless(RECALL and INGEST, "without a server")
class ServerTest(unittest.TestCase):
    def test_a_server_answers(self):
        client = millrace.Millrace(RECALL, INGEST)
        self.addCleanup(client.close)
        with millrace.EventBatch(client) as batch:
            for at in range(5):
                batch.item(f"py-item-{at}", features={"category": "shoes"})
            for at in range(40):
                user, item = f"py-{at % 4}", f"py-item-{at % 5}"
                batch.click(user, item, exposure_id=batch.exposure(user, item))

        known, refused = client.recall_all([{"user": "py-0"}, {"user": "py-0", "k": 0}])
        answer = client.recall("py-0", k=3, exclude_seen=False)
        first = answer["items"][0]["item"]

        self.assertEqual(3, len(answer["items"]))
        self.assertIn("items", known)
        self.assertEqual("requests[1].k", refused["parameter"])
        self.assertEqual(first, client.item(first)["item"])
        self.assertEqual(2, len(client.similar(first, k=2)["items"]))


if __name__ == "__main__":
    unittest.main()
