// What the page computes, as tables of input and answer.

import { describe, expect, test } from "vitest";
import { flatten, litRanges, oneLine } from "../../src/lib/event";
import { bytes, fine, short, signed } from "../../src/lib/format";
import { ends, FIRST_LOOK, fullQuery, readLook, type Term, useOf, withValue, writeLook } from "../../src/lib/filter";
import { lookup, nameOf } from "../../src/lib/keys";
import { layout, parts, stream } from "../../src/lib/layout";
import { after, extend, NOTHING, step, toggle } from "../../src/lib/picked";
import { find, fit, harmless, pieces } from "../../src/lib/text";
import { bucketWidth, clock, duration, instant, ticks } from "../../src/lib/time";
import { litLines, tokens } from "../../src/lib/yaml";
import { ceiling } from "../../src/parts/histogram";

describe("text", () => {
  test.each([
    ["plain", "plain"],
    ["a\u202eexe.txt", "a\ufffdexe.txt"],
    ["\u001b[2Jgone\u0000", "\ufffd[2Jgone\ufffd"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["<script>", "<script>"],
  ])("%j is shown as %j", (text, shown) => expect(harmless(text)).toBe(shown));

  test.each<[string, [number, number][], string]>([
    ["abcdef", [], "abcdef"],
    ["abcdef", [[1, 3]], "a[bc]def"],
    ["abcdef", [[3, 5], [1, 3]], "a[bcde]f"],
    ["abcdef", [[1, 4], [2, 6]], "a[bcdef]"],
    ["abcdef", [[0, 99]], "[abcdef]"],
    ["abcdef", [[4, 2], [9, 12]], "abcdef"],
    ["", [[0, 1]], ""],
  ])("%j cut at %j is %j", (text, ranges, shown) => {
    expect(pieces(text, ranges).map((piece) => (piece.lit ? `[${piece.text}]` : piece.text)).join("")).toBe(shown);
  });

  test("a needle is found in any case, and not where offsets would lie", () => {
    expect(find("UNION select union", "union")).toEqual([[0, 5], [13, 18]]);
    expect(find("abc", "")).toEqual([]);
    expect(find("İİ union", "union")).toEqual([]);
  });

  test("the palette prefers words over scattered letters", () => {
    const order = ["Multi-vector attack", "Rules", "Burst of errors"].sort((a, b) => (fit("ru", b) ?? 0) - (fit("ru", a) ?? 0));
    expect(order[0]).toBe("Rules");
    expect(fit("xyz", "Rules")).toBeUndefined();
  });
});

describe("time", () => {
  test.each([
    ["2026-03-02T11:04:12.381123456Z", Date.UTC(2026, 2, 2, 11, 4, 12, 381)],
    [1772449452381123456, 1772449452381],
    [1772449452381, 1772449452381],
    ["soon", undefined],
    [null, undefined],
  ])("%s is the moment %s", (text, at) => expect(instant(text)).toBe(at));

  test.each([
    [0, "0 ms"],
    [1500, "1.5 s"],
    [59_000, "59 s"],
    [48 * 60_000, "48 m"],
    [3 * 3_600_000 + 5 * 60_000, "3 h 5 m"],
    [24 * 3_600_000, "1 d"],
  ])("%d ms last %s", (ms, text) => expect(duration(ms)).toBe(text));

  test("another day shows its date", () => {
    const now = Date.UTC(2026, 2, 2, 12);
    expect(clock(now - 60_000, now)).toBe("11:59:00");
    expect(clock(now - 86_400_000, now)).toBe("03-01 12:00");
  });

  test.each([1, 6, 24, 168, 720, 9000])("a histogram of %d hours has few buckets of a round width", (hours) => {
    const to = hours * 3_600_000;
    const width = bucketWidth(0, to);
    expect(to / width).toBeLessThanOrEqual(72);
    expect(width % 10_000).toBe(0);
    const { at, width: gap } = ticks(1, to);
    expect(at.length).toBeGreaterThan(0);
    expect(at.every((tick) => tick % gap === 0)).toBe(true);
  });
});

test.each([
  [41_280, "41,280"],
  [3_560_000_000, "3.56 G"],
  [100_000, "100 k"],
  [250_400, "250 k"],
  [999_400, "999 k"],
  [999_999, "1 M"],
  [1_200_000, "1.2 M"],
  [105_000_000, "105 M"],
])("%d is short for people as %s", (value, text) => expect(short(value)).toBe(text));
test.each([[12_500, "12.5 k"], [999, "999"], [20_000, "20 k"]])("%d at an axis is %s", (value, text) => expect(short(value, 1000)).toBe(text));
test.each([[0, "0 B"], [1536, "1.5 KiB"], [5 * 1024 ** 3, "5.0 GiB"]])("%d bytes are %s", (value, text) => expect(bytes(value)).toBe(text));
test.each([[0, "0 %"], [0.000_04, "<0.01 %"], [0.000_4, "0.04 %"], [0.000_96, "0.1 %"], [0.009_96, "1.0 %"], [0.043, "4.3 %"], [0.0999, "10 %"], [0.43, "43 %"], [1, "100 %"]])("a share of %d is %s", (value, text) =>
  expect(fine(value)).toBe(text),
);
test.each([[5, "+5"], [-1200, "−1,200"], [0, "0"]])("%d has a sign: %s", (value, text) => expect(signed(value)).toBe(text));
test.each([[0, 1], [3, 3], [7, 8], [41, 50], [120, 150], [1000, 1000]])("an axis for %d ends at %d", (value, top) => expect(ceiling(value)).toBe(top));

describe("the address", () => {
  test.each([
    "",
    "?all=1",
    "?level=critical&level=high&not.host=web%2C1&text=%3Cscript%3E&last=7d",
    "?verdict=&since=2026-03-02T08%3A00%3A00.000Z&until=2026-03-02T14%3A00%3A00.000Z",
    "?rule=a&sort=newest&stack=tactic&group_by=rule&open=00ff",
  ])("%s is read and written as it was", (search) => expect(writeLook(readLook(search))).toBe(search));

  test.each(["?sort=bogus", "?stack=password", "?last=tomorrow", "?since=b&until=a"])("%s falls back", (search) =>
    expect(readLook(search)).toEqual(FIRST_LOOK),
  );

  test("values come, go and turn round", () => {
    const start: Term[] = [{ field: "host", values: ["a", "b"], isExcluded: false }];
    expect(withValue(start, "host", "b", "drop")).toEqual([{ field: "host", values: ["a"], isExcluded: false }]);
    expect(withValue(start, "host", "c", "include")).toEqual([{ field: "host", values: ["a", "b", "c"], isExcluded: false }]);
    expect(useOf(withValue(start, "host", "a", "exclude"), "host", "a")).toBe("exclude");
    expect(withValue(start, "host", "z", "only")).toEqual([{ field: "host", values: ["z"], isExcluded: false }]);
    expect(withValue([{ field: "host", values: ["a"], isExcluded: true }], "host", "a", "drop")).toEqual([]);
  });

  test("a query says what the look says", () => {
    const query = fullQuery({ terms: [{ field: "user", values: [""], isExcluded: true }], text: " x " }, { from: 0, to: 1000 });
    expect(query.toString()).toBe("not.user=&text=x&since=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T00%3A00%3A01.000Z");
    expect(ends({ last: "1h" }, 90_000)).toEqual({ from: 120_000 - 3_600_000, to: 120_000 });
  });
});

describe("keys", () => {
  const press = (key: string, mods: Partial<KeyboardEvent> = {}): string =>
    nameOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...mods });
  test.each([
    [press("j"), "j"],
    [press("X", { shiftKey: true }), "shift+x"],
    [press("?", { shiftKey: true }), "?"],
    [press("k", { metaKey: true }), "ctrl+k"],
    [press("Escape"), "escape"],
  ])("%s is written %s", (name, expected) => expect(name).toBe(expected));

  const binding = (keys: string) => ({ keys, label: keys, run: () => undefined });
  const low = { bindings: [binding("j"), binding("g s"), binding("e")], modal: false };
  const high = { bindings: [binding("j"), binding("1")], modal: false };
  test("the upper layer wins, the lower one is reached through it, a modal one hides it", () => {
    expect(lookup([low, high], "j", undefined).run).toBe(high.bindings[0]);
    expect(lookup([low, high], "e", undefined).run).toBe(low.bindings[2]);
    expect(lookup([low, { ...high, modal: true }], "e", undefined).run).toBeUndefined();
  });
  test("a sequence waits for its second key", () => {
    expect(lookup([low], "g", undefined)).toEqual({ isPrefix: true });
    expect(lookup([low], "s", "g").run?.keys).toBe("g s");
    expect(lookup([low], "s", undefined).run).toBeUndefined();
    expect(lookup([low, { bindings: [binding("s")], modal: false }], "s", "g").run?.keys).toBe("g s");
  });
});

describe("what is picked", () => {
  const order = ["a", "b", "c", "d", "e"];
  test("ranges reach from the last row that was picked", () => {
    const one = toggle(NOTHING, "b");
    expect([...extend(one, order, "d").ids]).toEqual(["b", "c", "d"]);
    expect([...extend(NOTHING, order, "d").ids]).toEqual(["d"]);
    expect(toggle(one, "b").ids.size).toBe(0);
  });
  test("the cursor holds on to rows", () => {
    expect(step(order, undefined, 1)).toBe("a");
    expect(step(order, "e", 1)).toBe("e");
    expect(step(["new", ...order], "b", 1)).toBe("c");
    expect(after(order, "c", new Set(["c", "d"]))).toBe("e");
    expect(after(order, "e", new Set(["e"]))).toBe("d");
    expect(after(order, "a", new Set(order))).toBeUndefined();
  });
});

describe("rules as text", () => {
  const rule = [
    "title: A # not a comment of a key",
    "detection:",
    "  sel:",
    "    url|contains:",
    "      - 'a # b'",
    "      # a comment",
    '      - "c \\"d"',
    "    method: GET",
    "  other:",
    "  - x: 1",
    "  - y|re:",
    "    - '^it''s'",
    "  words:",
    "    - evil",
    "    - bad",
    "  condition: sel and not other",
    "level: high",
  ];
  test.each([
    [[{ selection: "sel", field: "url|contains", wanted: ["A # b"] }], [3, 4]],
    [[{ selection: "sel", field: "url|contains", wanted: ['c "d'] }], [3, 6]],
    [[{ selection: "sel", field: "url|contains", wanted: [] }], [3, 4, 6]],
    [[{ selection: "sel", field: "METHOD", wanted: ["GET"] }], [7]],
    [[{ selection: "other", field: "y|re", wanted: ["^it's"] }], [10, 11]],
    [[{ selection: "other", field: "x", wanted: ["1"] }], [9]],
    [[{ selection: "words", field: "", wanted: ["evil"] }], [12, 13, 14]],
    [[{ selection: "gone", field: "x", wanted: [] }], []],
    [[{ selection: "level", field: "high", wanted: [] }], []],
  ])("%j lights lines %j", (held, lit) => expect([...litLines(rule.join("\n"), held)].sort((a, b) => a - b)).toEqual(lit));
  test.each(rule)("%j keeps every letter when coloured", (line) => expect(tokens(line).map(({ text }) => text).join("")).toBe(line));
  test("keys and comments are told apart", () => {
    expect(tokens("  - key: 'v # v' # c").map(({ kind, text }) => `${kind}:${text}`)).toEqual([
      "plain:  - ",
      "key:key",
      "plain::",
      "plain: 'v # v' ",
      "comment:# c",
    ]);
  });
});

describe("graphs", () => {
  const graph = {
    nodes: ["a", "b", "c", "alone", "x", "y"].map((id) => ({ id })),
    links: [["a", "b"], ["b", "c"], ["x", "y"], ["gone", "c"]].map(([from = "", to = ""]) => ({ from, to })),
  };
  test("links run from left to right, and lost ends are left out", () => {
    const { at, paths } = layout(graph);
    expect(at.get("a")!.x).toBeLessThan(at.get("b")!.x);
    expect(at.get("b")!.x).toBeLessThan(at.get("c")!.x);
    expect(paths.map(({ from }) => from)).toEqual(["a", "b", "x"]);
  });
  test("a stream goes up and down, not across", () => {
    const fork = { nodes: graph.nodes, links: [...graph.links, { from: "a", to: "y" }] };
    expect([...stream(fork, "b")].sort()).toEqual(["a", "b", "c"]);
  });
  test("parts are sorted by size and leave out what stands alone", () => {
    expect(parts(graph).map(({ nodes }) => nodes.map(({ id }) => id).join(""))).toEqual(["abc", "xy"]);
  });
});

describe("events", () => {
  const event = { "cs-method": "GET", "cs-uri": "/a?q=1 UNION", deep: { list: ["x", 2], rows: [{ a: 1 }], none: null } };
  const lines = flatten(event);
  test("fields are flat, with dotted names", () =>
    expect(lines.map(({ path, text }) => `${path}=${text}`)).toEqual(["cs-method=GET", "cs-uri=/a?q=1 UNION", "deep.list=x\n2", "deep.rows.0.a=1", "deep.none=null"]));
  test.each([
    [{ field: "cs-uri", needles: ["union"], ranges: [], seen: [] }, [[7, 12]]],
    [{ field: "url.original", needles: [], ranges: [], seen: ["/a?q=1 UNION"] }, [[0, 12]]],
    [{ field: "url.original", needles: ["union"], ranges: [], seen: ["/a?q=1 UNION"] }, [[7, 12]]],
    [{ field: "other", needles: ["union"], ranges: [], seen: ["GET"] }, []],
  ])("%j is lit", (match, lit) => expect(litRanges(lines[1]!, [match])).toEqual(lit));
  test("a line tells what matched", () => {
    expect(oneLine(lines, [{ field: "cs-uri", needles: [], ranges: [], seen: [] }])).toEqual({ text: "GET /a?q=1 UNION", path: "cs-uri", at: 4 });
    expect(oneLine(flatten({ a: 1, b: "c" })).text).toBe("a=1 b=c");
  });
});
