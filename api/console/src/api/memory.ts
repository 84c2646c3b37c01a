// What a browser remembers between visits. A kiosk may forbid storage; the page works without.

/** What was kept under a name; null when nothing was, or nothing can be. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`anxin.${name}`);
  } catch {
    return null;
  }
}

/** Keep something, or with null forget it. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`anxin.${name}`);
    else localStorage.setItem(`anxin.${name}`, value);
  } catch {
    // forgotten at the next reload, no more
  }
}
