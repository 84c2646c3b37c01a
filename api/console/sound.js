// Tones, synthesised: one rhythm per priority. A browser makes no sound before a click, hence "start shift".

import { unacknowledged } from "./state.js";

/** Beeps as [start s, length s, pitch Hz]; a priority that repeats says after how many ms. */
const TONES = {
  P1: { beeps: [[0, 0.13, 988], [0.2, 0.13, 740], [0.4, 0.2, 988]], every: 3000 },
  P2: { beeps: [[0, 0.3, 659], [0.45, 0.3, 659]], every: 15000 },
  P3: { beeps: [[0, 0.25, 523]], every: null },
  lost: { beeps: [[0, 0.5, 330], [0.6, 0.7, 247]], every: null },
};
const LOUD = 0.35;

let context = null;
let free = 0;
const lastPlayed = new Map();
let onLock = () => {};

/** Say what happens when sound becomes possible or impossible. */
export function whenLocked(listener) {
  onLock = listener;
}

export const isLocked = () => context?.state !== "running";

/** Turn the sound on, within a click, and play the test tone. Returns whether it is on. */
export async function startShift() {
  context ??= new AudioContext();
  context.onstatechange = () => onLock();
  // Without an output device this may never settle.
  await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 2000))]);
  onLock();
  if (isLocked()) return false;
  play("P2");
  setTimeout(beat, 1500);
  return true;
}

/** An alert has just sounded. */
export function raised(alert) {
  if (TONES[alert.priority]) play(alert.priority);
}

/** The connection is gone, or the session: silence from now on is not peace. */
export const lost = () => play("lost");

/** Repeat what is to be repeated. Called twice a second. */
export function beat() {
  if (isLocked()) return;
  const standing = new Set(unacknowledged().map((alert) => alert.priority));
  for (const [name, tone] of Object.entries(TONES)) {
    if (!standing.has(name) || tone.every === null) continue;
    if (performance.now() - (lastPlayed.get(name) ?? -Infinity) >= tone.every - 50) play(name);
  }
}

function play(name) {
  if (isLocked()) return;
  lastPlayed.set(name, performance.now());
  // One after the other: two rhythms at once are neither.
  const start = Math.max(context.currentTime + 0.02, free);
  if (start - context.currentTime > 3) return; // a flood: enough is sounding
  for (const [at, length, pitch] of TONES[name].beeps) beep(start + at, length, pitch);
  const [at, length] = TONES[name].beeps.at(-1);
  free = start + at + length + 0.35;
}

function beep(at, length, pitch) {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = "triangle";
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(LOUD, at + 0.015);
  volume.gain.setValueAtTime(LOUD, at + length - 0.03);
  volume.gain.linearRampToValueAtTime(0, at + length);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + length + 0.02);
}
