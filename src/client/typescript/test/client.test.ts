import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { EventBatch, Millrace, RefusedError } from "../src/index.js";

/** Answers as a test says, one by one, and keeps the bodies. */
const bodies: string[] = [];
let answers: [status: number, body: object, headers?: Record<string, string>][] = [];
let server: Server;
let url: string;
const pauses: number[] = [];

before(async () => {
  server = createServer(async (request, response) => {
    bodies.push(await text(request));
    const [status, body, headers] = answers.shift() ?? [202, {}];
    const type = status < 400 ? "application/json" : "application/problem+json";
    response.writeHead(status, { "Content-Type": type, ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  bodies.length = 0;
  pauses.length = 0;
});

after(() => server.close());

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) {
    body += part;
  }
  return body;
}

function client(): Millrace {
  const pause = async (millis: number) => void pauses.push(millis);
  return new Millrace({ recall: url, ingest: url, pause });
}

test("a retried click keeps its id and time", async () => {
  answers = [[503, { detail: "late" }, { "Retry-After": "2" }], [503, { detail: "late" }]];
  const batch = new EventBatch(client());
  const exposure = batch.exposure({ user_id: "u1", item_id: "i1" });
  const click = batch.click({ user_id: "u1", item_id: "i1", exposure_id: exposure });

  await batch.flush();

  assert.equal(bodies.length, 3);
  assert.equal(new Set(bodies).size, 1);
  assert.equal(JSON.parse(bodies[0]!).clicks[0].click_id, click);
  assert.notEqual(click, exposure);
  // Retry-After and a part of 100 ms, then a part of 200 ms
  assert.ok(pauses[0]! >= 2_000 && pauses[0]! <= 2_100, `${pauses[0]}`);
  assert.ok(pauses[1]! >= 0 && pauses[1]! <= 200, `${pauses[1]}`);
});

test("what lasts is not repeated", async () => {
  answers = [[400, { detail: "k must be a whole number" }]];

  await assert.rejects(client().recall({ user: "u1", k: 0 }), (failure) => {
    return failure instanceof RefusedError && failure.status === 400 && failure.message.includes("whole number");
  });

  assert.equal(bodies.length, 1);
});

test("an order is sent once", async () => {
  answers = [[503, { detail: "late" }]];

  await assert.rejects(client().promote("g2"), RefusedError);

  assert.equal(bodies.length, 1);
});

test("an unusable event holds up no other", async () => {
  const unusable = { event: "clicks[1]", line: 1, reason: "bad-time", detail: "time = 1: must be …" };
  answers = [[422, { unusable: 1, events: [unusable] }]];
  const left: unknown[] = [];
  const batch = new EventBatch(client(), { onUnusable: (why, event) => left.push(why.reason, event) });
  batch.click({ user_id: "u1", item_id: "i1", click_id: "c1", time: 5 });
  batch.user({ user_id: "u1", time: 5 });
  batch.click({ user_id: "u1", item_id: "i1", click_id: "c2", time: 1 });

  await batch.flush();

  assert.deepEqual(left, ["bad-time", { user_id: "u1", item_id: "i1", click_id: "c2", time: 1 }]);
  assert.deepEqual(JSON.parse(bodies[1]!), {
    clicks: [{ time: 5, user_id: "u1", item_id: "i1", click_id: "c1" }],
    users: [{ time: 5, user_id: "u1" }],
  });
});

test("a batch has at most so many events", async () => {
  answers = [];
  const batch = new EventBatch(client(), { maxEvents: 2 });

  ["i1", "i2", "i3"].forEach((id) => batch.removeItem(id));
  await batch.flush();

  assert.deepEqual(bodies, ['{"removed_items":["i1","i2"]}', '{"removed_items":["i3"]}']);
});

test("what was not accepted still waits", async () => {
  answers = Array.from({ length: 6 }, () => [503, { detail: "late" }]);
  const batch = new EventBatch(client(), { maxWaitMillis: 60_000, maxWaiting: 1 });
  batch.removeItem("i1");

  await assert.rejects(batch.flush(), RefusedError);
  assert.throws(() => batch.removeItem("i2"), /1 events wait/);
  await batch.flush();

  assert.equal(bodies.length, 7);
});

const { MILLRACE_RECALL: recall, MILLRACE_INGEST: ingest } = process.env;

test("a server answers", { skip: recall === undefined || ingest === undefined }, async () => {
  const millrace = new Millrace({ recall: recall!, ingest: ingest! });
  const batch = new EventBatch(millrace);
  for (let at = 0; at < 40; at++) {
    const event = { user_id: `ts-${at % 4}`, item_id: `ts-item-${at % 5}` };
    if (at < 5) {
      batch.item({ item_id: event.item_id, features: { category: "shoes" } });
    }
    batch.click({ ...event, exposure_id: batch.exposure(event) });
  }
  await batch.flush();

  const [known, refused] = await millrace.recallAll([{ user: "ts-0" }, { user: "ts-0", k: 0 }]);
  const answer = await millrace.recall({ user: "ts-0", k: 3, excludeSeen: false });
  const [first] = answer.items;
  const item = await millrace.item(first!.item);

  assert.equal(answer.items.length, 3);
  assert.ok("items" in known!);
  assert.ok("detail" in refused!);
  assert.equal(item.item, first!.item);
  assert.equal((await millrace.similar(first!.item, 2)).items.length, 2);
});
