import { expect, test } from "vitest";
import { nextOf, ordered, type Known } from "./next";

const incident = (more: Partial<Known> = {}): Known => ({ state: "new", assignees: [], proposed: null, ladder: [], ...more });
const called = [{ recipients: [{ user: "li" }] }];
const any = () => true;
const main = (known: Known, waiting: string[] = []) => nextOf(known, "li", waiting, any).main;

test("one big button for each state", () => {
  const may = ["sign", "depart", "arrive", "handle", "close"];
  const states = ["new", "acknowledged", "dispatched", "reopened", "signed", "departed", "on_scene", "handled", "closed", "merged"];
  expect(states.map((state) => main(incident({ state, may, assignees: ["li"] })))).toEqual([
    "sign", "sign", "sign", "sign", "depart", "arrive", "handle", "close", null, null,
  ]);
});

test("what waits to be sent counts as done", () => {
  const known = incident({ may: ["sign", "decline"], ladder: called });
  expect(nextOf(known, "li", ["sign"], any)).toEqual({ state: "signed", main: "depart", small: ["arrive"] });
  expect(main(known, ["sign", "depart", "arrive"])).toBe("handle");
  expect(main(known, ["sign", "arrive", "handle", "close"])).toBeNull();
});

test("what the API does not allow is not offered, and a role that may no step gets none", () => {
  expect(main(incident({ may: ["note"] }))).toBeNull();
  expect(nextOf(incident({ may: ["note"] }), "li", [], () => false)).toMatchObject({ main: null, small: [] });
});

test("whoever was called may say that they cannot come; nobody else is asked", () => {
  expect(nextOf(incident({ may: ["sign", "decline"], ladder: called }), "li", [], any).small).toEqual(["decline"]);
  expect(nextOf(incident({ may: ["sign", "decline"] }), "li", [], any).small).toEqual([]);
  expect(nextOf(incident({ may: ["sign", "decline"], ladder: called }), "li", ["decline"], any).small).toEqual([]);
});

test("when another one is on it I can come too, and then go my own steps", () => {
  const theirs = incident({ state: "signed", assignees: ["zhou"], may: ["assist", "depart", "arrive"] });
  expect(nextOf(theirs, "li", [], any)).toEqual({ state: "signed", main: null, small: ["assist"] });
  expect(main(theirs, ["assist"])).toBe("depart");
  // Signed by the command room for nobody: whoever goes, goes.
  expect(main({ ...theirs, assignees: [] })).toBe("depart");
});

test("who has proposed to close waits for the second person", () => {
  const proposed = incident({ state: "handled", assignees: ["li"], proposed: { by: "li" }, may: ["close", "withdraw"] });
  expect(nextOf(proposed, "li", [], any)).toMatchObject({ main: null, small: ["withdraw"] });
});

test("mine come first, then by priority, the oldest first; what is over is gone", () => {
  const one = (id: number, priority: string, opened_at: string, more: Partial<Known> = {}) => ({ ...incident(more), id, priority, opened_at });
  const { mine, others } = ordered([
    one(1, "P3", "2026-11-23T04:00:00Z"), one(2, "P1", "2026-11-23T04:10:00Z"), one(3, "P1", "2026-11-23T04:05:00Z"),
    one(4, "P3", "2026-11-23T03:00:00Z", { assignees: ["li"], state: "signed" }), one(5, "P2", "2026-11-23T03:00:00Z", { ladder: called }),
    one(6, "P2", "2026-11-23T03:00:00Z", { ladder: called, state: "signed", assignees: ["zhou"] }),
    one(7, "P1", "2026-11-23T03:00:00Z", { state: "closed", assignees: ["li"] }),
  ], "li");
  expect(mine.map((incident) => incident.id)).toEqual([5, 4]);
  expect(others.map((incident) => incident.id)).toEqual([3, 2, 6, 1]);
});
