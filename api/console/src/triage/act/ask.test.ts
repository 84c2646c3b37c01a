import { mount } from "@vue/test-utils";
import { nextTick } from "vue";
import { beforeEach, describe, expect, it, vi } from "vitest";

const acts = vi.hoisted(() => ({ busy: null as unknown as { value: boolean } }));
vi.mock("../acts", async () => {
  acts.busy = (await import("vue")).ref(false);
  return { busy: acts.busy };
});
import Ask from "./Ask.vue";

describe("what asks before it acts", () => {
  beforeEach(() => (acts.busy.value = false));

  it("loses no Enter that comes while another act is under way", async () => {
    acts.busy.value = true;
    const asking = mount(Ask, { props: { title: "t", label: "l" } });
    await asking.trigger("submit");
    expect(asking.emitted("act")).toBeUndefined();
    acts.busy.value = false;
    await nextTick();
    expect(asking.emitted("act")).toHaveLength(1);
  });

  it("does nothing twice, also when it was refused", async () => {
    const asking = mount(Ask, { props: { title: "t", label: "l" } });
    await asking.trigger("submit");
    acts.busy.value = true;
    await nextTick();
    await asking.trigger("submit");
    await asking.trigger("submit");
    acts.busy.value = false;
    await nextTick();
    expect(asking.emitted("act")).toHaveLength(1);
    await asking.trigger("submit");
    expect(asking.emitted("act")).toHaveLength(2);
  });

  it("does nothing before everything is said", async () => {
    const asking = mount(Ask, { props: { title: "t", label: "l", ready: false } });
    await asking.trigger("submit");
    expect(asking.emitted("act")).toBeUndefined();
  });
});
