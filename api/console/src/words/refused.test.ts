import { afterEach, describe, expect, it } from "vitest";
import { setLanguage } from "./index";
import { REFUSALS } from "./refusals";
import { refusedInWords } from "./refused";

describe("refusals in words", () => {
  afterEach(() => setLanguage("zh"));

  it("says the same in Chinese, with what stands in it", () => {
    expect(refusedInWords("there is no incident 7 within your reach")).toBe("辖区范围内没有警情 7");
    expect(refusedInWords("the user name 'zhang' is taken; choose another")).toBe("用户名“zhang”已被使用，请换一个");
    expect(refusedInWords("the role auditor may not open incidents")).toBe("角色“审计”不能登记警情");
    expect(refusedInWords("alert 5 ended at 2026-11-23T03:00:00+00:00; there is nothing to shelve")).toMatch(/^告警 5 已于 .*11:00:00 结束，无须搁置$/);
  });
  it("says who was faster", () => {
    const told = "incident 4 is signed: officer did «sign» at 2026-11-23T03:00:00+00:00; look at it again";
    expect(refusedInWords(told)).toMatch(/^警情 4 现为已签收：.* 于 .*11:00:00 进行了“sign”；请看最新状态$/);
  });
  it("takes the most particular one", () => {
    expect(refusedInWords("no rule x runs; name a version or give a definition")).toContain("请指定版本");
    expect(refusedInWords("the data of person p-1 was erased already")).toContain("早已");
  });
  it("says several at once, and leaves alone what it does not know", () => {
    expect(refusedInWords("name: Field required; zzz is odd")).toBe("name：必填；zzz is odd");
    expect(refusedInWords("")).toBe("");
  });
  it("leaves English to those who read it", () => {
    setLanguage("en");
    expect(refusedInWords("there is no incident 7 within your reach")).toBe("there is no incident 7 within your reach");
  });
  it("names nothing in Chinese that is not in the English, and has each sentence once", () => {
    for (const [chinese, english] of REFUSALS) {
      const places = english.split("{}").length - 1;
      for (const [, n] of chinese.matchAll(/\{(\d)\}/g)) expect(Number(n), english).toBeLessThan(places);
    }
    expect(new Set(REFUSALS.map(([, english]) => english)).size).toBe(REFUSALS.length);
  });
});
