import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { Problem } from "@/api/problem";
import type { Me } from "@/api/types";
import { me } from "@/session/session";
import { fetchedOrKept, forget, keep, kept, prune } from "./copies";
import { shut } from "./store";

const isIn = (username: string | null): void => {
  me.value = username === null ? null : ({ username } as Me);
};
const away = async (): Promise<never> => {
  throw new Problem(0, null);
};

beforeEach(async () => {
  await shut();
  globalThis.indexedDB = new IDBFactory();
  isIn("li");
});

test("without a network the last copy is shown, and that it is one", async () => {
  expect(await fetchedOrKept("li", "incidents", async () => [1])).toMatchObject({ body: [1], fresh: true });
  expect(await fetchedOrKept("li", "incidents", away)).toMatchObject({ body: [1], fresh: false });
});

test("what was refused is not answered from a copy", async () => {
  await keep("li", "incident 7", "kept", 0);
  const refused = async (): Promise<never> => {
    throw new Problem(404, null);
  };
  await expect(fetchedOrKept("li", "incident 7", refused)).rejects.toThrow(Problem);
});

test("without a copy the failure is told", async () => {
  await expect(fetchedOrKept("li", "incidents", away)).rejects.toThrow(Problem);
});

test("one user's copies are nobody else's, and gone when they log out", async () => {
  await keep("li", "incidents", "li's", 0);
  isIn("zhou");
  await keep("zhou", "incidents", "zhou's", 0);
  await expect(fetchedOrKept("wang", "incidents", away)).rejects.toThrow(Problem);
  await forget({ user: "li" });
  expect(await kept("li", "incidents")).toBeNull();
  expect(await kept("zhou", "incidents")).not.toBeNull();
  await forget({ but: "wang" });
  expect(await kept("zhou", "incidents")).toBeNull();
});

test("an answer that comes after log-out is not kept", async () => {
  const late = fetchedOrKept("li", "incidents", async () => {
    isIn(null);
    return [1];
  });
  await late;
  expect(await kept("li", "incidents")).toBeNull();
});

test("what is over is pruned", async () => {
  await keep("li", "incident 7", "", 0);
  await keep("li", "incident 8", "", 0);
  await prune("li", (name) => name === "incident 7");
  expect(await kept("li", "incident 7")).toBeNull();
  expect(await kept("li", "incident 8")).not.toBeNull();
});
