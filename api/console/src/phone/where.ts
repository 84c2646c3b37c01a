// Which page of the phone is shown; its address is below /m, so that a push opens the very incident.

import { computed, ref } from "vue";

export const PAGES = ["incidents", "write", "shift", "me"] as const;
export type Page = (typeof PAGES)[number];
/** What is opened over a page: `visit`, `away`, `report`. */
export type Sheet = "visit" | "away" | "report" | "queue" | "reach" | "record";

const address = ref(location.href);
addEventListener("popstate", () => (address.value = location.href));

const url = computed(() => new URL(address.value));
export const page = computed<Page>(() => {
  const said = url.value.pathname.split("/")[2];
  return PAGES.find((one) => one === said) ?? "incidents";
});
export const sheet = computed<Sheet | null>(() => (url.value.pathname.split("/")[3] as Sheet | undefined) ?? null);
/** The incident that is open; null when the list is. */
export const incident = computed<number | null>(() => {
  const said = url.value.searchParams.get("incident") ?? "";
  return /^\d{1,15}$/.test(said) ? Number(said) : null;
});

const go = (path: string): void => {
  if (location.pathname + location.search !== path) history.pushState(null, "", path);
  address.value = location.href;
  scrollTo(0, 0);
};
export const toPage = (to: Page): void => go(to === "incidents" ? "/m" : `/m/${to}`);
export const toSheet = (on: Page, to: Sheet): void => go(`/m/${on}/${to}`);
export const toIncident = (id: number): void => go(`/m?incident=${id}`);
/** An address of ours that a push carries; anything else opens the list. */
export const toAddress = (path: string): void => go(/^\/m([/?]|$)/.test(path) ? path : "/m");
/** Close what is open. */
export const back = (): void => toPage(page.value);
