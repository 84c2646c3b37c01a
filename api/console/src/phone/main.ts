// The officer's phone. Start reading here, then at PhoneApp.vue and queue/.

import { createApp, watchEffect } from "vue";
import { i18n, language, setLanguage } from "@/words";
import PhoneApp from "./PhoneApp.vue";
import { toAddress } from "./where";
import { setSetting } from "./store";
import { updated } from "./update";
import { begin } from "./who";
import "@/styles/base.css";
import "./phone.css";

setLanguage(language());
// Notices are written by the service worker, which cannot read what the page remembers.
watchEffect(() => void setSetting("language", language()).catch(() => undefined));
createApp(PhoneApp).use(i18n).mount("#app");
void begin();

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  const had = navigator.serviceWorker.controller !== null;
  void navigator.serviceWorker.register("/sw.js", { scope: "/m" }).catch(() => undefined); // without one the page works while there is a network
  navigator.serviceWorker.addEventListener("controllerchange", () => (updated.value = had));
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<{ what: string; url?: string }>) => {
    if (event.data.what === "open") toAddress(event.data.url ?? "/m");
  });
}
