import { expect, test } from "vitest";
import { answered, receiptAt, shownOf } from "./notice";

const pushed = {
  title: { zh: "P1 校园一键报警", en: "P1 school alarm" }, body: { zh: "东街网格 · 点开查看", en: "East · open for details" },
  url: "/m?incident=7", tag: "incident-7", priority: "P1", drill: false, receipt: "t-1",
};

test("a push is shown in the phone's language, above the one before of the same incident", () => {
  const { title, options } = shownOf(pushed, "zh");
  expect(title).toBe("P1 校园一键报警");
  expect(options).toMatchObject({ body: "东街网格 · 点开查看", tag: "incident-7", renotify: true, requireInteraction: true, data: { url: "/m?incident=7", receipt: "t-1" } });
  expect(shownOf(pushed, "en").title).toBe("P1 school alarm");
});

test("when the English was cut for length the Chinese is shown", () => {
  expect(shownOf({ ...pushed, title: { zh: "P1 校园" } }, "en").title).toBe("P1 校园");
});

test("whatever comes, something is shown", () => {
  const garbled = answered(() => {
    throw new SyntaxError("no JSON");
  });
  expect(shownOf(garbled, "zh")).toMatchObject({ title: "安心：有新消息", options: { data: { url: "/m", receipt: null } } });
  expect(answered(() => null)).toEqual({});
  expect(answered(() => "text")).toEqual({});
});

test("a push leads to the phone's own pages only", () => {
  const to = (url: string) => (shownOf({ url }, "zh").options.data as { url: string }).url;
  expect(["/m", "/m/shift", "/m?incident=7"].map(to)).toEqual(["/m", "/m/shift", "/m?incident=7"]);
  expect(["https://elsewhere.example", "//elsewhere.example/m", "/map", "javascript:alert(1)"].map(to)).toEqual(["/m", "/m", "/m", "/m"]);
});

test("a receipt's token stays one part of the address", () => {
  expect(receiptAt("a/b?c")).toBe("/api/v1/receipts/a%2Fb%3Fc");
});
