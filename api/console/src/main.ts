// The command room's console. Start reading here, then at routes.ts.

import { wall } from "@/wall/address"; // before the router reads the address
import { createApp } from "vue";
import { begin } from "@/live/follow";
import { router } from "@/routes";
import App from "@/shell/App.vue";
import { listen } from "@/shell/keys";
import { enterWall } from "@/wall/enter";
import { i18n, language, setLanguage } from "@/words";
import "@/styles/base.css";
import "@/styles/console.css";

setLanguage(language());
listen();
createApp(App).use(i18n).use(router).mount("#app");
void (wall ? enterWall() : begin());
