import { expect, it } from "vitest";
import type { Policy } from "@/api/types";
import { differences } from "@/rules/difference";
import { comparable, numbersOf } from "./plain";

const policy = (after: number, who: string[]): Policy =>
  ({ ladders: [{ priority: "P1", area: null, expires_after_s: 600, rungs: [{ after_s: 0, who: ["officer"], by: ["push"] }, { after_s: after, who, by: ["push", "sms"] }] }], quiet_hours: "" }) as unknown as Policy;

it("names the very rung that changes", () => {
  expect(differences(comparable(policy(30, ["officer"])), comparable(policy(45, ["officer", "deputy"])))).toEqual([
    { path: "ladders.P1.rungs.2.after_s", before: 30, after: 45 },
    { path: "ladders.P1.rungs.2.who", before: "officer", after: "officer deputy" },
  ]);
});

it("reads numbers with either comma, and nothing else", () => {
  expect(numbersOf("30, 60，120", "no")).toEqual([30, 60, 120]);
  expect(() => numbersOf("30, soon", "numbers please")).toThrow("numbers please");
});
