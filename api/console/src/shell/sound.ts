// Tones, synthesised: one rhythm for each priority. A browser makes no sound before a click, hence "start shift".

import { computed, ref, shallowRef } from "vue";
import { tick, now } from "@/api/clock";
import { isMine, unacknowledged } from "@/live/station";

type Name = "P1" | "P2" | "P3" | "lost";
/** Beeps as [start s, length s, pitch Hz]; a tone that repeats says after how many ms. */
const TONES: Record<Name, { beeps: readonly (readonly [number, number, number])[]; every: number | null }> = {
  P1: { beeps: [[0, 0.13, 988], [0.2, 0.13, 740], [0.4, 0.2, 988]], every: 3000 },
  P2: { beeps: [[0, 0.3, 659], [0.45, 0.3, 659]], every: 15000 },
  P3: { beeps: [[0, 0.25, 523]], every: null },
  lost: { beeps: [[0, 0.5, 330], [0.6, 0.7, 247]], every: null },
};
const LOUD = 0.35;
const MOST_QUEUED_S = 3;
/** A mute ends by itself. */
const MUTE_MS = 10 * 60_000;

let context: AudioContext | null = null;
/** When the queue of tones ends, and when its last P1 begins (s, by the context's clock). */
let free = 0;
let urgentAt = 0;
const lastPlayed = new Map<Name, number>();
const contextState = shallowRef<AudioContextState | "none">("none");
const mutedUntil = ref(0);

export const isLocked = computed(() => contextState.value !== "running");
/** Until when this console is muted, ms; 0 when it sounds. */
export const muted = computed(() => (mutedUntil.value > tick.value ? mutedUntil.value : 0));

/** Turn the sound on, within a click, and play the test tone. Returns whether it is on. */
export async function startShift(): Promise<boolean> {
  context ??= new AudioContext();
  context.onstatechange = () => (contextState.value = context?.state ?? "none");
  // Without an output device this may never settle.
  await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 2000))]);
  contextState.value = context.state;
  if (isLocked.value) return false;
  play("P2");
  setTimeout(beat, 1500);
  return true;
}

/** Mute this console for ten minutes, or let it sound again. P1 is never muted. */
export function mute(on: boolean): void {
  mutedUntil.value = on ? now() + MUTE_MS : 0;
}

/** An alert, or an incident without one, has just sounded. */
export function raised(what: { priority: string }): void {
  if (what.priority in TONES) play(what.priority as Name);
}

/** The connection is gone, or the session: silence from now on is not peace. */
export const lost = (): void => play("lost");

/** Repeat what is to be repeated. Called twice a second. */
export function beat(): void {
  if (isLocked.value) return;
  const standing = new Set<string>(unacknowledged.value.filter((what) => !isMine(what)).map(({ priority }) => priority));
  for (const [name, tone] of Object.entries(TONES) as [Name, (typeof TONES)[Name]][]) {
    if (!standing.has(name) || tone.every === null) continue;
    if (performance.now() - (lastPlayed.get(name) ?? -Infinity) >= tone.every - 50) play(name);
  }
}

function play(name: Name): void {
  if (context === null || isLocked.value) return;
  if (muted.value > 0 && name !== "P1" && name !== "lost") return;
  // One after the other: two rhythms at once are neither.
  const start = Math.max(context.currentTime + 0.02, free);
  // A flood: enough is sounding. A life is not left out for it, once.
  if (start - context.currentTime > MOST_QUEUED_S && (name !== "P1" || urgentAt > context.currentTime)) return;
  if (name === "P1") urgentAt = start;
  lastPlayed.set(name, performance.now());
  const beeps = TONES[name].beeps;
  for (const [at, length, pitch] of beeps) beep(context, start + at, length, pitch);
  const [at, length] = beeps.at(-1) ?? [0, 0];
  free = start + at + length + 0.35;
}

function beep(on: AudioContext, at: number, length: number, pitch: number): void {
  const tone = on.createOscillator();
  const volume = on.createGain();
  tone.type = "triangle";
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(LOUD, at + 0.015);
  volume.gain.setValueAtTime(LOUD, at + length - 0.03);
  volume.gain.linearRampToValueAtTime(0, at + length);
  tone.connect(volume).connect(on.destination);
  tone.start(at);
  tone.stop(at + length + 0.02);
}
