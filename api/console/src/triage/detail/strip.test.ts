import { expect, it } from "vitest";
import { placeOn, spanAround, ticks } from "./strip";

const MINUTE = 60_000;

it("shows half an hour before and after, and nothing of the future", () => {
  expect(spanAround(60 * MINUTE, 60 * MINUTE, 65 * MINUTE)).toEqual({ from: 30 * MINUTE, until: 65 * MINUTE });
  expect(spanAround(60 * MINUTE, 60 * MINUTE, 500 * MINUTE)).toEqual({ from: 30 * MINUTE, until: 90 * MINUTE });
});
it("shows what has gone on for long from its end", () => {
  expect(spanAround(0, 600 * MINUTE, 900 * MINUTE)).toEqual({ from: 510 * MINUTE, until: 630 * MINUTE });
});
it("puts moments between the edges", () => {
  expect([placeOn(5, 0, 10), placeOn(-5, 0, 10), placeOn(50, 0, 10)]).toEqual([50, 0, 100]);
  expect(ticks(5 * MINUTE, 35 * MINUTE)).toEqual([10 * MINUTE, 20 * MINUTE, 30 * MINUTE]);
});
