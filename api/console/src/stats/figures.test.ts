import { beforeAll, describe, expect, it } from "vitest";
import { setLanguage } from "@/words";
import { bucketName, percent, stacks, type ClocksFigures, type ClocksUnit } from "./buckets";
import { heatOf } from "./heat";

beforeAll(() => setLanguage("zh"));

const spread = (counts: number[]) => {
  const n = counts.reduce((whole, one) => whole + one, 0);
  const edges = [0, 30, 60];
  return {
    n, median_s: n ? 20 : null, p90_s: n ? 50 : null,
    buckets: counts.map((count, index) => ({
      above_s: edges[index] ?? 0, to_s: edges[index + 1] ?? null, count, share: n ? count / n : null,
    })),
  };
};
const unit = (name: string | null, counts: number[]): ClocksUnit => ({
  unit: name, name, incidents: 9, clocks: { sign: spread(counts), depart: spread([0, 0, 0]), arrive: spread([0, 0, 0]), feedback: spread([0, 0, 0]) },
});
const told = { total: unit(null, [6, 1, 2]), units: [unit("一区", [6, 0, 0]), unit("二区", [0, 0, 0]), unit("三区", [0, 1, 2])] } as unknown as ClocksFigures;

describe("buckets", () => {
  it("are named by their edges", () => {
    expect(bucketName({ above_s: 0, to_s: 30 })).toBe("30 秒内");
    expect(bucketName({ above_s: 60, to_s: 120 })).toBe("1 分–2 分");
    expect(bucketName({ above_s: 14_400, to_s: null })).toBe("超过 4 小时");
  });
  it("stack to a whole, the station first, whoever has no case left out", () => {
    const made = stacks(told, "sign", (one) => one.name ?? "全所");
    expect(made.units).toEqual(["全所", "一区", "三区"]);
    expect(made.layers.map((layer) => layer.shares[0])).toEqual([66.7, 11.1, 22.2]);
    expect(made.layers.map((layer) => layer.shares[2])).toEqual([0, 33.3, 66.7]);
    for (const bar of [0, 1, 2]) expect(made.layers.reduce((whole, layer) => whole + (layer.shares[bar] ?? 0), 0)).toBeCloseTo(100, 0);
  });
  it("of nobody are no bars", () => expect(stacks(told, "arrive", () => "").units).toEqual([]));
  it("have shares as percentages", () => {
    expect(percent(0.3333)).toBe("33.3%");
    expect(percent(null)).toBe("—");
  });
});

describe("the heat map", () => {
  const cells = [
    { area: "grid-2", weekday: 1, hour: 8, incidents: 1 },
    { area: "grid-1", weekday: 1, hour: 8, incidents: 2 },
    { area: "grid-1", weekday: 7, hour: 8, incidents: 3 },
    { area: null, weekday: 7, hour: 23, incidents: 1 },
  ];

  it("sums the days of the week, the busiest grid first", () => {
    const heat = heatOf(cells, 0);
    expect(heat.areas).toEqual(["grid-1", "grid-2", null]);
    expect(heat.cells).toEqual([[8, 0, 5], [8, 1, 1], [23, 2, 1]]);
    expect(heat.most).toBe(5);
    expect(heat.table[0]?.[8]).toBe(5);
    expect(heat.table.every((row) => row.length === 24)).toBe(true);
  });
  it("shows one day alone", () => expect(heatOf(cells, 7).cells).toEqual([[8, 0, 3], [23, 1, 1]]));
  it("of nothing is empty", () => expect(heatOf([], 0)).toEqual({ areas: [], cells: [], most: 0, table: [] }));
});
