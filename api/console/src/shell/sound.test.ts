import { beforeEach, describe, expect, it, vi } from "vitest";

/** What was asked to sound: when (s, of the context's clock) and how high (Hz). */
let beeps: { at: number; pitch: number }[] = [];
let clock = 0;

class Oscillator {
  type = "";
  frequency = { value: 0 };
  connect = (next: unknown): unknown => next;
  start(at: number): void {
    beeps.push({ at, pitch: this.frequency.value });
  }
  stop(): void {}
}
class Context {
  state = "suspended";
  destination = {};
  onstatechange: (() => void) | null = null;
  get currentTime(): number {
    return clock;
  }
  resume(): Promise<void> {
    this.state = "running";
    return Promise.resolve();
  }
  createOscillator = (): Oscillator => new Oscillator();
  createGain = (): unknown => ({ gain: { setValueAtTime: vi.fn(), linearRampToValueAtTime: vi.fn() }, connect: (next: unknown) => next });
}

const standing = vi.hoisted(() => ({ value: [] as { priority: string; opened_by?: string }[] }));
vi.mock("@/live/station", () => ({ unacknowledged: standing, isMine: (what: { opened_by?: string }) => what.opened_by === "me" }));

const LONG = 60_000;

/** Let time pass, as the frame does: a beat each half second. */
function pass(sound: typeof import("./sound"), ms: number): void {
  for (let n = 0; n < ms / 500; n++) {
    vi.advanceTimersByTime(500);
    clock += 0.5;
    sound.beat();
  }
}

async function shift(): Promise<typeof import("./sound")> {
  vi.resetModules();
  const sound = await import("./sound");
  await sound.startShift();
  clock += 10;
  beeps = [];
  return sound;
}

describe("tones", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "performance", "Date"] });
    vi.stubGlobal("AudioContext", Context);
    standing.value = [];
    beeps = [];
    clock = 0;
  });

  it("is silent before somebody starts the shift, and plays a test tone then", async () => {
    vi.resetModules();
    const sound = await import("./sound");
    sound.raised({ priority: "P1" });
    expect(sound.isLocked.value).toBe(true);
    expect(beeps).toEqual([]);
    expect(await sound.startShift()).toBe(true);
    expect(beeps.length).toBeGreaterThan(0);
    expect(sound.isLocked.value).toBe(false);
  });

  it("tells priorities apart by rhythm, not by pitch alone", async () => {
    const rhythms = new Set<string>();
    for (const priority of ["P1", "P2", "P3"]) {
      const sound = await shift();
      sound.raised({ priority });
      const first = beeps[0]?.at ?? 0;
      rhythms.add(beeps.map((beep) => (beep.at - first).toFixed(2)).join(" "));
    }
    expect(rhythms.size).toBe(3);
  });

  it("rings for P4 not at all", async () => {
    const sound = await shift();
    sound.raised({ priority: "P4" });
    expect(beeps).toEqual([]);
  });

  it.each([["P1", 3, 20], ["P2", 2, 4], ["P3", 1, 0]])("repeats %s while nobody has acknowledged it", async (priority, aTone, times) => {
    const sound = await shift();
    standing.value = [{ priority }];
    pass(sound, LONG);
    expect(Math.abs(beeps.length / aTone - times)).toBeLessThanOrEqual(1);
    standing.value = [];
    beeps = [];
    pass(sound, LONG);
    expect(beeps).toEqual([]);
  });

  it("is muted for ten minutes at most, and never for P1 or a lost connection", async () => {
    const sound = await shift();
    sound.mute(true);
    sound.raised({ priority: "P2" });
    expect(beeps).toEqual([]);
    sound.raised({ priority: "P1" });
    expect(beeps.length).toBe(3);
    clock += 10;
    sound.lost();
    expect(beeps.length).toBe(5);
    vi.advanceTimersByTime(10 * 60_000 + 1);
    clock += 601;
    beeps = [];
    sound.raised({ priority: "P2" });
    expect(beeps.length).toBe(2);
  });

  it("plays two tones one after the other, and no endless row of them", async () => {
    const sound = await shift();
    for (let n = 0; n < 50; n++) sound.raised({ priority: "P1" });
    const starts = beeps.map((beep) => beep.at);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect((starts.at(-1) ?? 0) - clock).toBeLessThan(5);
  });

  it("leaves no life out for a flood of lesser ones, and rings for none that this desk opened itself", async () => {
    const sound = await shift();
    for (let n = 0; n < 50; n++) sound.raised({ priority: "P2" });
    const lesser = beeps.length;
    for (let n = 0; n < 50; n++) sound.raised({ priority: "P1" });
    expect(beeps.length - lesser).toBe(3);
    expect((beeps.at(-1)?.at ?? 0) - clock).toBeLessThan(6);
    clock += 20;
    beeps = [];
    standing.value = [{ priority: "P1", opened_by: "me" }];
    pass(sound, LONG);
    expect(beeps).toEqual([]);
  });

  it("repeats a tone that a flood left out as soon as there is room", async () => {
    const sound = await shift();
    pass(sound, 20_000); // the test tone is long past
    for (let n = 0; n < 50; n++) sound.raised({ priority: "P3" });
    sound.raised({ priority: "P2" }); // no room
    standing.value = [{ priority: "P2" }];
    beeps = [];
    pass(sound, 6000);
    expect(beeps.length).toBe(2);
  });
});
