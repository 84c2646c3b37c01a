// What the browser offers about the app itself: a newer build, and to install it.

import { shallowRef } from "vue";

interface InstallPrompt extends Event {
  prompt(): Promise<void>;
}

/** A newer build has taken over; the page still runs the one before. */
export const updated = shallowRef(false);
/** Ask the user to install it; null where the browser does not offer that. */
export const installing = shallowRef<InstallPrompt | null>(null);

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installing.value = event as InstallPrompt;
});
addEventListener("appinstalled", () => (installing.value = null));
