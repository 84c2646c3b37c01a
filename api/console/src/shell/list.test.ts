import { describe, expect, it } from "vitest";
import { useAct, useList } from "./list";

describe("a list fetched page after page", () => {
  it("appends what follows and says whether there is more", async () => {
    const pages: Record<number, { items: string[]; next: number | null }> = { 0: { items: ["a", "b"], next: 2 }, 2: { items: ["c"], next: null } };
    const list = useList<string, number>(async (cursor) => pages[cursor ?? 0] ?? { items: [] });
    await list.load();
    expect([list.items.value, list.more.value]).toEqual([["a", "b"], true]);
    await list.loadMore();
    expect([list.items.value, list.more.value]).toEqual([["a", "b", "c"], false]);
    await list.load();
    expect(list.items.value).toEqual(["a", "b"]);
  });

  it("shows the answer to the latest question only, whichever comes last", async () => {
    const answers: ((items: string[]) => void)[] = [];
    const list = useList<string>(() => new Promise((done) => answers.push((items) => done({ items }))));
    const first = list.load();
    const second = list.load();
    answers[1]?.(["new"]);
    await second;
    answers[0]?.(["old"]);
    await first;
    expect([list.items.value, list.loading.value]).toEqual([["new"], false]);
  });

  it("keeps what is shown when fetching fails, and says why", async () => {
    let fails = false;
    const list = useList<string>(async () => {
      if (fails) throw new Error("no answer");
      return { items: ["a"] };
    });
    await list.load();
    fails = true;
    await list.load();
    expect([list.items.value, list.problem.value]).toEqual([["a"], "no answer"]);
  });
});

describe("an act", () => {
  it("is done once, however often it is asked for meanwhile", async () => {
    const { run, busy } = useAct();
    let done = 0;
    let finish = (): void => {};
    const first = run(() => new Promise<void>((end) => (finish = () => (done++, end()))));
    expect([busy.value, await run(async () => done++)]).toEqual([true, false]);
    finish();
    expect([await first, done, busy.value]).toEqual([true, 1, false]);
  });
});
