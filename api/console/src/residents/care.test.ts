import { describe, expect, it } from "vitest";
import { awayUntil, careChanged, filledIn, profileOf, standing, whyUnwatched, type ConsentLine, type Person } from "./care";

const person = (more: Partial<Person> = {}): Person => ({
  id: "p-1", place: "flat", area: "grid", care: { lives_alone: true }, monitored: true, consent: "given", erased: false, name: "王**", phone: "", id_number: "", contacts: [], has_note: false, ...more,
});
const line = (id: number, state: "given" | "withdrawn", since: string, purpose: ConsentLine["purpose"] = "care_monitoring"): ConsentLine => ({ id, purpose, state, said_by: "self", since, at: since, recorded_by: "officer", note: null });

describe("a care profile", () => {
  it("is hours on the page and seconds in the register", () => {
    const was = profileOf({ lives_alone: true, silence_limit_s: 64800, caregivers: ["card:1"] });
    expect(was).toEqual({ lives_alone: true, limit_h: 18, caregivers: "card:1" });
    expect(careChanged(was, { ...was, limit_h: 1.5 })).toEqual({ silence_limit_s: 5400 });
  });

  it("sends what is to be another and nothing else; what is emptied is taken out", () => {
    const was = profileOf({ lives_alone: true, silence_limit_s: 3600, caregivers: ["card:1"] });
    expect(careChanged(was, { ...was })).toEqual({});
    expect(careChanged(was, { lives_alone: false, limit_h: "", caregivers: " " })).toEqual({ lives_alone: false, silence_limit_s: null, caregivers: null });
    expect(careChanged(was, { ...was, caregivers: "card:1，card:2" })).toEqual({ caregivers: ["card:1", "card:2"] });
  });

  it("leaves what was not filled in as it is", () => expect(filledIn({ name: "", phone: "139" })).toEqual({ phone: "139" }));
});

it("knows who is away and who has come back", () => {
  const at = Date.parse("2026-11-23T00:00:00Z");
  expect(awayUntil(person({ care: { away_until: "2026-11-24T00:00:00+08:00" } }), at)).toBe("2026-11-24T00:00:00+08:00");
  expect(awayUntil(person({ care: { away_until: "2026-11-23T07:59:00+08:00" } }), at)).toBeNull();
});

describe("consent", () => {
  it("is what was said to hold last, for each purpose by itself", () => {
    const lines = [line(3, "given", "2026-03-01T00:00:00Z"), line(4, "withdrawn", "2026-05-01T00:00:00Z"), line(5, "given", "2026-01-01T00:00:00Z", "bulletins")];
    expect(standing(lines).map(({ purpose, line: held }) => [purpose, held?.state ?? null])).toEqual([["care_monitoring", "withdrawn"], ["sharing_relatives", null], ["bulletins", "given"]]);
  });

  it("says why nobody watches over somebody", () => {
    expect(whyUnwatched(person())).toBeNull();
    expect(whyUnwatched(person({ monitored: false, consent: "withdrawn" }))).toBe("withdrawn");
    expect(whyUnwatched(person({ monitored: false, consent: null }))).toBe("never_asked");
    expect(whyUnwatched(person({ monitored: false, care: {} }))).toBe("not_alone");
    expect(whyUnwatched(person({ monitored: false, erased: true }))).toBe("erased");
  });
});
