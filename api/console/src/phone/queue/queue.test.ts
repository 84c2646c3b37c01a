import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { shut } from "../store";
import type { Entry } from "./entry";
import { discard, dismiss, entriesOf, put, putAll, replay, type Outcome } from "./queue";
import { outcomeOf, requestOf } from "./send";

beforeEach(async () => {
  await shut();
  globalThis.indexedDB = new IDBFactory();
});

const step = (act: string, more: Partial<Entry> = {}) => put({ user: "li", kind: "step", act, incident: 7, version: 3, ...more });
const note = (text: string, user = "li") => put({ user, kind: "note", incident: 7, body: { text } });
const taken: Outcome = { what: "taken" };

/** A station that takes an entry once, however often it is sent, and whose answers get lost when told so. */
class Station {
  readonly heard: Entry[] = [];
  readonly kept = new Map<string, Entry>();
  answer: (entry: Entry, times: number) => Outcome = () => taken;

  send = async (entry: Entry): Promise<Outcome> => {
    this.heard.push(entry);
    this.kept.set(entry.clientId, entry);
    return this.answer(entry, this.heard.length);
  };
}

test("what was done is sent in the order it was done, each once", async () => {
  const station = new Station();
  for (const act of ["sign", "depart", "arrive"]) await step(act);
  await note("门开着");
  expect(await replay("li", station.send)).toBe("settled");
  expect(station.heard.map((entry) => entry.act ?? entry.kind)).toEqual(["sign", "depart", "arrive", "note"]);
  expect(await replay("li", station.send)).toBe("settled");
  expect(station.heard).toHaveLength(4);
  expect(await entriesOf("li")).toEqual([]);
});

test("without a network everything stays, in order, and nothing behind it overtakes", async () => {
  const station = new Station();
  await step("sign");
  await note("a");
  station.answer = () => ({ what: "later" });
  expect(await replay("li", station.send)).toBe("waiting");
  expect(station.heard).toHaveLength(1);
  station.answer = () => taken;
  await replay("li", station.send);
  expect(station.heard.map((entry) => entry.kind)).toEqual(["step", "step", "note"]);
});

test("a crash between being taken and leaving the queue sends the very same again", async () => {
  const station = new Station();
  await note("once");
  station.answer = (_, times) => {
    if (times === 1) throw new Error("the page was killed");
    return taken;
  };
  await expect(replay("li", station.send)).rejects.toThrow("killed");
  await shut();
  expect(await entriesOf("li")).toHaveLength(1);
  await replay("li", station.send);
  expect(station.heard).toHaveLength(2);
  expect(requestOf(station.heard[1] as Entry)).toEqual(requestOf(station.heard[0] as Entry));
  expect(station.kept.size).toBe(1);
  expect(await entriesOf("li")).toEqual([]);
});

test("nobody sees or sends what another one did", async () => {
  const station = new Station();
  await note("李的", "li");
  await note("周的", "zhou");
  await replay("zhou", station.send);
  expect(station.heard.map((entry) => entry.body["text"])).toEqual(["周的"]);
  expect((await entriesOf("li")).map((entry) => entry.body["text"])).toEqual(["李的"]);
  const [mine] = await entriesOf("li");
  await dismiss("zhou", mine?.n ?? 0);
  await discard("zhou");
  expect(await entriesOf("li")).toHaveLength(1);
});

test("what was refused stays with its sentence until it is dismissed; the others go on", async () => {
  const station = new Station();
  await step("sign");
  await note("still sent");
  const refused = { status: 409, told: { detail: "zhou has signed" } };
  station.answer = (entry) => (entry.kind === "step" ? { what: "refused", refused } : taken);
  expect(await replay("li", station.send)).toBe("settled");
  const [left] = await entriesOf("li");
  expect(left).toMatchObject({ act: "sign", refused });
  await replay("li", station.send);
  expect(station.heard).toHaveLength(2); // a refusal is not asked for again
  await dismiss("li", left?.n ?? 0);
  expect(await entriesOf("li")).toEqual([]);
});

test("what waits cannot be dismissed", async () => {
  const entry = await note("a");
  await dismiss("li", entry.n ?? 0);
  expect(await entriesOf("li")).toHaveLength(1);
});

test("a session that is over keeps the queue", async () => {
  const station = new Station();
  await note("a");
  await note("b");
  station.answer = () => ({ what: "login" });
  expect(await replay("li", station.send)).toBe("login");
  expect(station.heard).toHaveLength(1);
  expect(await entriesOf("li")).toHaveLength(2);
});

test("each step tells what was seen when it was done: what I did myself since is for the station to know", async () => {
  const station = new Station();
  await step("sign");
  await step("depart");
  await step("arrive", { version: 9 });
  await replay("li", station.send);
  expect(station.heard.map((entry) => [entry.act, entry.version])).toEqual([["sign", 3], ["depart", 3], ["arrive", 9]]);
});

test("a picture that does not get through keeps no step waiting, and is sent again", async () => {
  const station = new Station();
  await put({ user: "li", kind: "attachment", incident: 7, bytes: new ArrayBuffer(3), contentType: "image/jpeg" });
  await step("arrive");
  station.answer = (entry) => (entry.kind === "attachment" ? { what: "later" } : taken);
  expect(await replay("li", station.send)).toBe("waiting");
  expect(station.heard.map((entry) => entry.kind)).toEqual(["attachment", "step"]);
  expect((await entriesOf("li")).map((entry) => entry.kind)).toEqual(["attachment"]);
  station.answer = () => taken;
  expect(await replay("li", station.send)).toBe("settled");
});

test("a picture of a report without a number waits for it, and lets what comes after go", async () => {
  const station = new Station();
  const report = await put({ user: "li", kind: "report", body: { category: "order" } });
  await put({ user: "li", kind: "attachment", report: report.clientId, bytes: new ArrayBuffer(3), contentType: "image/jpeg" });
  await note("not of it");
  station.answer = (entry) => (entry.kind === "report" ? { what: "later" } : taken);
  expect(await replay("li", station.send)).toBe("waiting");
  expect(station.heard.map((entry) => entry.kind)).toEqual(["report"]);
  station.answer = (entry) => (entry.kind === "report" ? { what: "taken", incident: 41 } : taken);
  expect(await replay("li", station.send)).toBe("settled");
  expect(station.heard.slice(1).map((entry) => [entry.kind, entry.incident])).toEqual([["report", null], ["attachment", 41], ["note", 7]]);
});

test("several things are put in together or not at all", async () => {
  const unkeepable = { user: "li", kind: "note", incident: 7, body: { text: () => "no storage takes a function" } } as const;
  await expect(putAll([{ user: "li", kind: "report", body: {} }, unkeepable])).rejects.toThrow();
  expect(await entriesOf("li")).toEqual([]);
});

test("a picture of something reported follows the number the report gets, and its refusal", async () => {
  const station = new Station();
  const good = await put({ user: "li", kind: "report", body: { category: "order" } });
  await put({ user: "li", kind: "attachment", report: good.clientId, bytes: new ArrayBuffer(3), contentType: "image/jpeg" });
  const bad = await put({ user: "li", kind: "report", body: { category: "fire" } });
  await put({ user: "li", kind: "attachment", report: bad.clientId, bytes: new ArrayBuffer(3), contentType: "image/jpeg" });
  station.answer = (entry) => {
    if (entry.clientId === bad.clientId) return { what: "refused", refused: { status: 404, told: { detail: "no such place" } } };
    return entry.kind === "report" ? { what: "taken", incident: 41 } : taken;
  };
  await replay("li", station.send);
  expect(station.heard.map((entry) => [entry.kind, entry.incident])).toEqual([["report", null], ["attachment", 41], ["report", null]]);
  expect((await entriesOf("li")).map((entry) => [entry.kind, entry.refused?.status])).toEqual([["report", 404], ["attachment", 404]]);
});

test("a server that fails over one entry again and again does not keep the others for good", async () => {
  const station = new Station();
  await note("poison");
  await note("fine");
  station.answer = (entry) => (entry.body["text"] === "poison" ? { what: "failed", refused: { status: 500, told: {} } } : taken);
  for (let n = 1; n < 5; n += 1) expect(await replay("li", station.send)).toBe("waiting");
  expect(await replay("li", station.send)).toBe("settled");
  expect((await entriesOf("li")).map((entry) => [entry.body["text"], entry.refused?.status])).toEqual([["poison", 500]]);
});

test("two replays at once send nothing twice", async () => {
  const station = new Station();
  for (const text of ["a", "b", "c"]) await note(text);
  await Promise.all([replay("li", station.send), replay("li", station.send)]);
  expect(station.heard).toHaveLength(3);
});

test("each entry carries the phone's own time and id to where the API reads them", async () => {
  const at = "2026-11-23T04:02:00.000Z";
  const of = async (done: Parameters<typeof put>[0]) => {
    const { path, body } = requestOf(await put({ ...done, clientAt: at, clientId: "c-1" }));
    return [path, typeof body === "string" ? JSON.parse(body) : body] as unknown;
  };
  expect(await of({ user: "li", kind: "step", act: "sign", incident: 7, version: 3 })).toEqual(["incidents/7/sign", { client_at: at, version: 3 }]);
  expect(await of({ user: "li", kind: "note", incident: 7, body: { text: "x" } })).toEqual(["incidents/7/notes", { text: "x", client_id: "c-1", client_at: at }]);
  expect(await of({ user: "li", kind: "report", body: { category: "fire" } })).toEqual(["incidents", { category: "fire", client_id: "c-1", client_at: at }]);
  expect(await of({ user: "li", kind: "footprint", body: { kind: "visit", place: "p" } })).toEqual(["footprints", { items: [{ kind: "visit", place: "p", client_id: "c-1", at }] }]);
  expect(await of({ user: "li", kind: "away", person: "p-1", body: { until: null } })).toEqual(["persons/p-1/away", { until: null, client_at: at }]);
});

test("only the API takes or refuses: whoever else answers is asked again later", async () => {
  const entry = await note("a");
  const footprint = await put({ user: "li", kind: "footprint" });
  expect(outcomeOf(entry, 200, undefined)).toEqual({ what: "later" }); // a hotel's log-in page
  expect(outcomeOf(entry, 404, undefined)).toEqual({ what: "later" });
  expect(outcomeOf(entry, 503, {})).toEqual({ what: "later" });
  expect(outcomeOf(entry, 401, {})).toEqual({ what: "login" });
  expect(outcomeOf(entry, 409, { detail: "x" })).toEqual({ what: "refused", refused: { status: 409, told: { detail: "x" } } });
  expect(outcomeOf(entry, 500, {})).toMatchObject({ what: "failed" });
  expect(outcomeOf(footprint, 200, { items: [{ client_id: "c", refused: "no such place" }] })).toEqual({
    what: "refused", refused: { status: 422, told: { detail: "no such place" } },
  });
});
