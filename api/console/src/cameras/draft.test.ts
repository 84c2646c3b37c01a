// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CameraLooks } from "@/api/types";
import { begun, draftOf, empty, inside, moved, placed, pointAt, SORTS, takes, without, wrongWith, wrongWithDraft, type Draft, type Drawn, type Point } from "./draft";
import { snippetOf } from "./snippet";

const corner: readonly Point[] = [[0, 0], [1, 0], [1, 1]];
const zone = (points: readonly Point[], name = "z"): Drawn => ({ sort: "zone", name, points, floor: null });
const line = (points: readonly Point[], name = "gate"): Drawn => ({ sort: "line", name, points, floor: null });
const scale = (points: readonly Point[], floor: number | null = 12): Drawn => ({ sort: "scale", name: "", points, floor });

describe("a point", () => {
  it("lies within the picture, to a thousandth", () => {
    expect(inside(0.12345, 0.99951)).toEqual([0.123, 1]);
    expect(inside(-3, 7)).toEqual([0, 1]);
  });
  it("is put at the end of a zone, and twice on a line", () => {
    expect(corner.reduce(placed, empty("zone")).points).toEqual(corner);
    expect(corner.reduce(placed, empty("line")).points).toEqual([[0, 0], [1, 0]]);
  });
  it("of a scale stands above the other, whichever is moved", () => {
    const drawn = placed(placed(empty("scale"), [0.3, 0.9]), [0.5, 0.2]);
    expect(drawn.points).toEqual([[0.3, 0.9], [0.3, 0.2]]);
    expect(moved(drawn, 0, [0.4, 0.8]).points).toEqual([[0.4, 0.8], [0.4, 0.2]]);
    expect(moved(drawn, 1, [0.6, 0.1]).points).toEqual([[0.3, 0.9], [0.3, 0.1]]);
  });
  it("is moved and taken away alone", () => {
    expect(moved(zone(corner), 1, [0.5, 0.5]).points).toEqual([[0, 0], [0.5, 0.5], [1, 1]]);
    expect(without(zone(corner), 0).points).toEqual([[1, 0], [1, 1]]);
  });
  it("is found by whoever presses near it, in pixels", () => {
    expect(pointAt(corner, [0.99, 0.02], 14, 640, 360)).toBe(1);
    expect(pointAt(corner, [0.9, 0.02], 14, 640, 360)).toBeNull();
    expect(pointAt([], [0, 0], 14, 640, 360)).toBeNull();
  });
});

describe("what the worker would refuse", () => {
  it.each([
    [zone([[0, 0], [1, 1]]), "corners"],
    [zone([[0, 0], [1, 1], [1, 0], [0, 1]]), "crossed"],
    [zone([[0, 0], [0.5, 0.5], [1, 1]]), "no_area"],
    [zone(corner, " "), "no_name"],
    [line([[0, 0]]), "ends"],
    [line([[0.5, 0.5], [0.51, 0.5]]), "short"],
    [line([[0, 0], [1, 0]], ""), "no_name"],
    [scale([[0.3, 0.9]]), "marks"],
    [scale([[0.3, 0.2], [0.3, 0.9]]), "upside_down"],
    [scale([[0.3, 0.9], [0.3, 0.89]]), "short"],
    [scale([[0.3, 0.9], [0.3, 0.2]], 1), "floor"],
    [scale([[0.3, 0.9], [0.3, 0.2]], null), "floor"],
  ] as const)("%o: %s", (shape, wrong) => expect(wrongWith(shape)).toBe(wrong));

  it.each([
    zone(corner),
    zone([[0.23, 0.55], [0.86, 0.66], [0.83, 0.56], [0.29, 0.48]]),
    zone([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.5, 0.2], [0.1, 0.9]]),
    zone([[0, 0], [0.5, 0], [1, 0], [1, 1]]),
    line([[0.1, 0.5], [0.9, 0.5]]),
    scale([[0.3, 0.9], [0.3, 0.2]]),
  ])("not %o", (shape) => expect(wrongWith(shape)).toBeNull());

  it("is an analytic without what it needs", () => {
    for (const notice of Object.keys(SORTS)) expect(wrongWithDraft(begun(notice))).toBe("missing");
    expect(wrongWithDraft({ ...begun("falling_object"), settings: { px_per_m: 24 } })).toBeNull();
    expect(wrongWithDraft({ ...begun("crowding"), shapes: [zone(corner)], settings: { limit: 0 } })).toBe("limit");
    expect(wrongWithDraft({ ...begun("parked"), shapes: [zone(corner)] })).toBeNull();
  });
});

it("takes one zone, many scales", () => {
  expect(takes({ ...begun("parked"), shapes: [zone(corner)] }, "zone")).toBe(false);
  expect(takes({ ...begun("falling_object"), shapes: [scale([])] }, "scale")).toBe(true);
});

it("is drawn anew from what the worker's file says, without its defaults", () => {
  const told: CameraLooks = {
    notice: "falling_object", state: "looking", hours: ["22:00-06:00"], told: ["px_per_m", "ground"], look_ms: null, said: null, said_at: null,
    settings: { px_per_m: 24, ground: 0.93, storey_m: 3, watched: null },
    shapes: [{ sort: "ground", name: "", points: [[0, 0.93], [1, 0.93]], floor: null }, { sort: "ignored", name: "tree", points: [[0, 0], [1, 0], [1, 1]], floor: null }],
  };
  const draft = draftOf(told);
  expect(draft).toEqual({ notice: "falling_object", hours: ["22:00-06:00"], settings: { px_per_m: 24, ground: 0.93 }, shapes: [{ ...zone(corner, "tree"), sort: "ignored" }] });
  const marked = { ...draft, shapes: [...draft.shapes, scale([[0.3, 0.9], [0.3, 0.2]])] };
  expect(snippetOf(marked)).not.toContain("px_per_m");
});

/** The worker's own decoder reads the same file (tests/unit/test_camera_snippets.py). */
it("is written as the worker reads it", () => {
  const tree: Drawn = { sort: "ignored", name: "tree", points: [[0, 0.5], [0.2, 0.5], [0.2, 1]], floor: null };
  const drafts: Draft[] = [
    { notice: "parked", hours: ["22:00-06:00", "12:00-14:00"], settings: { warn_s: 30, confirm: true }, shapes: [zone([[0.1, 0.6], [0.9, 0.6], [0.95, 0.95], [0.05, 0.95]], "fire_lane ")] },
    { ...begun("crowding"), shapes: [zone(corner, "no")] },
    { ...begun("intrusion"), shapes: [zone(corner, '后院: "仓库" # 1\u0085')] },
    { ...begun("loitering"), shapes: [zone(corner, "yard")] },
    { ...begun("crossing"), settings: { directions: ["right"], judged_by: "foot" }, shapes: [line([[0.1, 0.5], [0.9, 0.5]])] },
    { ...begun("tailgating"), shapes: [line([[0.35, 0.7], [0.65, 0.7]], "door")] },
    { ...begun("falling_object"), settings: { storey_m: 2.8, sensitivity: "high" }, shapes: [tree, { ...zone(corner, "facade"), sort: "watched" }, scale([[0.3, 0.93], [0.3, 0.2]]), scale([[0.8, 0.9], [0.8, 0.25]])] },
    { ...begun("falling_object"), settings: { px_per_m: 24, ground: 0.93 }, shapes: [tree] },
  ];
  for (const draft of drafts) expect(wrongWithDraft(draft)).toBeNull();
  expect(drafts.map(snippetOf).join("")).toBe(readFileSync(new URL("./snippets.yaml", import.meta.url), "utf-8"));
});
