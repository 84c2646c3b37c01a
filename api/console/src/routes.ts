// What pages there are, in the order of the menu; who sees them; each fetched when it is opened.

import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import TriagePage from "@/triage/TriagePage.vue";
import { may, me } from "@/session/session";
import type { Word } from "@/words";

export interface Page {
  path: string;
  /** Its name in the menu. */
  word: Word;
  /** Who sees it: asked each time the menu is drawn. */
  shows: () => boolean;
  component: RouteRecordRaw["component"];
}

const hasData = (): boolean => Boolean(me.value) && me.value?.role !== "auditor";

export const PAGES: readonly Page[] = [
  { path: "/", word: "page.triage", shows: hasData, component: TriagePage },
  { path: "/map", word: "page.map", shows: hasData, component: () => import("@/map/MapPage.vue") },
  { path: "/cameras", word: "page.cameras", shows: () => may("cameras.live"), component: () => import("@/cameras/CamerasPage.vue") },
  { path: "/patrol", word: "page.patrol", shows: hasData, component: () => import("@/patrol/PatrolPage.vue") },
  { path: "/stats", word: "page.stats", shows: hasData, component: () => import("@/stats/StatsPage.vue") },
  { path: "/handover", word: "page.handover", shows: () => may("desk.sit"), component: () => import("@/handover/HandoverPage.vue") },
  { path: "/duty", word: "page.duty", shows: hasData, component: () => import("@/duty/DutyPage.vue") },
  { path: "/residents", word: "page.residents", shows: () => may("persons.see"), component: () => import("@/residents/ResidentsPage.vue") },
  { path: "/bulletins", word: "page.bulletins", shows: hasData, component: () => import("@/bulletins/BulletinsPage.vue") },
  { path: "/disputes", word: "page.disputes", shows: hasData, component: () => import("@/disputes/DisputesPage.vue") },
  { path: "/footprints", word: "page.footprints", shows: () => may("footprints.write") || may("footprints.others"), component: () => import("@/footprints/FootprintsPage.vue") },
  { path: "/devices", word: "page.devices", shows: hasData, component: () => import("@/devices/DevicesPage.vue") },
  { path: "/rules", word: "page.rules", shows: hasData, component: () => import("@/rules/RulesPage.vue") },
  { path: "/quiet", word: "page.quiet", shows: hasData, component: () => import("@/quiet/QuietPage.vue") },
  { path: "/letters", word: "page.letters", shows: () => may("deadletters.read"), component: () => import("@/letters/LettersPage.vue") },
  { path: "/county", word: "page.county", shows: () => may("county.read"), component: () => import("@/county/CountyPage.vue") },
  { path: "/audit", word: "page.audit", shows: () => may("audit.read"), component: () => import("@/audit/AuditPage.vue") },
  { path: "/retention", word: "page.retention", shows: () => may("retention.read"), component: () => import("@/retention/RetentionPage.vue") },
  { path: "/accounts", word: "page.accounts", shows: () => may("accounts.change"), component: () => import("@/accounts/AccountsPage.vue") },
  { path: "/policy", word: "page.policy", shows: hasData, component: () => import("@/policy/PolicyPage.vue") },
  { path: "/walls", word: "page.walls", shows: () => may("walls.change"), component: () => import("@/wall/WallsPage.vue") },
  { path: "/account", word: "page.account", shows: () => Boolean(me.value), component: () => import("@/session/AccountPage.vue") },
];

/** Pages that another one leads to. */
const BELOW: readonly Page[] = [
  { path: "/cameras/:device/calibrate", word: "page.calibrate", shows: () => may("cameras.set_up"), component: () => import("@/cameras/CalibratePage.vue") },
];

/** The pages of whoever is logged in. */
export const pagesNow = (): Page[] => PAGES.filter((page) => page.shows());
export { may };

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...[...PAGES, ...BELOW].map((page) => ({ path: page.path, component: page.component, meta: { page } }) as RouteRecordRaw),
    { path: "/:anything(.*)*", redirect: "/" },
  ],
});
