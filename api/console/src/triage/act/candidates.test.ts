import { expect, it } from "vitest";
import { choices, metres } from "./candidates";

const one = (user: string, more = {}) => ({ user, name: user, role: "officer", duty_as: [], why: null, reachable: true, assigned: false, busy: 0, ...more }) as never;

it("puts who is on duty first, then who can be reached, then who is nearest", () => {
  const near = { nearest: [{ user: "b", distance_m: 900 }, { user: "c", distance_m: 100 }], answers: [{ user: "d", why: { zh: "值班", en: "on duty" } }] } as never;
  const found = choices([one("a"), one("b"), one("c"), one("mute", { reachable: false }), one("d", { duty_as: ["officer"] })], near);
  expect(found.map((each) => each.user)).toEqual(["d", "c", "b", "a", "mute"]);
  expect(found[0]?.said?.zh).toBe("值班");
  expect(choices([one("a")], null)[0]?.distance_m).toBeNull();
});

it("writes distances as people say them", () => {
  expect([metres(87), metres(1240)]).toEqual(["90 m", "1.2 km"]);
});
