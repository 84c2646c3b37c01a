// What the phone itself keeps: what waits to be sent, the last copies of what was fetched, and a few settings.
// The page and the service worker both open it; everything in it belongs to one user by name.

import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Entry } from "./queue/entry";

export interface Copy {
  user: string;
  name: string;
  /** When it was fetched, in the server's ms. */
  at: number;
  body: unknown;
}

interface Kept extends DBSchema {
  queue: { key: number; value: Entry; indexes: { user: string } };
  copies: { key: [string, string]; value: Copy; indexes: { user: string } };
  settings: { key: string; value: string };
}
export type Store = IDBPDatabase<Kept>;

let opened: Promise<Store> | null = null;

/** The database, opened once. Rejects where a browser keeps nothing (private windows of old ones). */
export function store(): Promise<Store> {
  opened ??= openDB<Kept>("anxin-phone", 1, {
    upgrade(database) {
      database.createObjectStore("queue", { keyPath: "n", autoIncrement: true }).createIndex("user", "user");
      database.createObjectStore("copies", { keyPath: ["user", "name"] }).createIndex("user", "user");
      database.createObjectStore("settings");
    },
    terminated: () => (opened = null),
  }).catch((problem: unknown) => {
    opened = null;
    throw problem;
  });
  return opened;
}

/** Close it; the next call opens it anew. */
export async function shut(): Promise<void> {
  const was = opened;
  opened = null;
  (await was)?.close();
}

/** What the service worker has to know and cannot read elsewhere: `language`. */
export const setting = async (name: string): Promise<string | undefined> => (await store()).get("settings", name);

/** Keep a setting. */
export const setSetting = async (name: string, value: string): Promise<void> => {
  await (await store()).put("settings", value, name);
};
