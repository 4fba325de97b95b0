// What is looked at, as it stands in the address: filters, the stretch of time, grouping and order. A page's state is its
// address, so that a link shows a colleague the same.

import { isSpan, SPANS, type Span } from "./time";

/** The fields that signals are filtered, stacked and grouped by, as the API names them. */
export const FIELDS = ["level", "status", "rule", "host", "user", "address", "tactic", "verdict", "assignee"] as const;

/** One of these fields. */
export type Field = (typeof FIELDS)[number];

/** A field is one of these values, or none of them; the empty text stands for no value. */
export interface Term {
  readonly field: Field;
  readonly values: readonly string[];
  readonly isExcluded: boolean;
}

/** A stretch of time: the last so long, or from and to in milliseconds. */
export type Stretch = { readonly last: Span } | { readonly from: number; readonly to: number };

/** What a list of signals shows. */
export interface Look {
  readonly terms: readonly Term[];
  readonly text: string;
  readonly stretch: Stretch;
  readonly sort: "newest" | "oldest" | "level" | "risk";
  readonly stack: Field;
  readonly isGrouped: boolean;
  readonly open: string | undefined;
}

const SORTS = ["newest", "oldest", "level", "risk"] as const;

/** What an analyst sees first. */
export const FIRST_LOOK: Look = {
  terms: [{ field: "status", values: ["open", "acknowledged"], isExcluded: false }],
  text: "",
  stretch: { last: "24h" },
  sort: "risk",
  stack: "level",
  isGrouped: false,
  open: undefined,
};

// The filter stands in the address as the API wants it (`rule=a&rule=b&not.host=c&text=…`), so that either can be copied to
// the other; order, stack, group and what is open stand beside it.
/** Reads a look from an address. */
export function readLook(search: string): Look {
  const params = new URLSearchParams(search);
  const terms: Term[] = [];
  for (const field of FIELDS) {
    for (const isExcluded of [false, true]) {
      const values = params.getAll(isExcluded ? `not.${field}` : field);
      if (values.length > 0) terms.push({ field, values, isExcluded });
    }
  }
  const isPlain = terms.length === 0 && !params.has("all");
  return {
    terms: isPlain ? FIRST_LOOK.terms : terms,
    text: params.get("text") ?? "",
    stretch: readStretch(params),
    sort: SORTS.find((known) => known === params.get("sort")) ?? FIRST_LOOK.sort,
    stack: FIELDS.find((known) => known === params.get("stack")) ?? FIRST_LOOK.stack,
    isGrouped: params.get("group_by") === "rule",
    open: params.get("open") ?? undefined,
  };
}

/** Reads the stretch of time of an address. */
export function readStretch(params: URLSearchParams): Stretch {
  const from = Date.parse(params.get("since") ?? "");
  const to = Date.parse(params.get("until") ?? "");
  if (from < to) return { from, to };
  const last = params.get("last");
  return isSpan(last) ? { last } : FIRST_LOOK.stretch;
}

/** The parameters of a stretch of time; those that are not needed are undefined. */
export function stretchParams(stretch: Stretch): { last?: string; since?: string; until?: string } {
  if ("last" in stretch) return stretch.last === "24h" ? {} : { last: stretch.last };
  return { since: new Date(stretch.from).toISOString(), until: new Date(stretch.to).toISOString() };
}

function putTerms(params: URLSearchParams, terms: readonly Term[]): void {
  for (const { field, values, isExcluded } of terms) {
    for (const value of values) params.append(isExcluded ? `not.${field}` : field, value);
  }
}

/** Writes a look as an address. */
export function writeLook(look: Look): string {
  const params = new URLSearchParams();
  if (JSON.stringify(look.terms) !== JSON.stringify(FIRST_LOOK.terms)) {
    putTerms(params, look.terms);
    if (look.terms.length === 0) params.set("all", "1");
  }
  if (look.text) params.set("text", look.text);
  for (const [name, value] of Object.entries(stretchParams(look.stretch))) params.set(name, value);
  if (look.sort !== FIRST_LOOK.sort) params.set("sort", look.sort);
  if (look.stack !== FIRST_LOOK.stack) params.set("stack", look.stack);
  if (look.isGrouped) params.set("group_by", "rule");
  if (look.open) params.set("open", look.open);
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** The filter as the API's query, without times. */
export function filterQuery(look: Pick<Look, "terms" | "text">): URLSearchParams {
  const params = new URLSearchParams();
  putTerms(params, look.terms);
  if (look.text.trim()) params.set("text", look.text.trim());
  return params;
}

/** The same with its ends in time. */
export function fullQuery(look: Pick<Look, "terms" | "text">, { from, to }: { from: number; to: number }): URLSearchParams {
  const params = filterQuery(look);
  params.set("since", new Date(from).toISOString());
  params.set("until", new Date(to).toISOString());
  return params;
}

/** How a value is to be used. */
export type Use = "include" | "exclude" | "only" | "drop";

/** The terms with a value included, excluded, alone in its field, or taken out. */
export function withValue(terms: readonly Term[], field: Field, value: string, use: Use): Term[] {
  const without = terms
    .map((term) => (term.field === field ? { ...term, values: term.values.filter((other) => other !== value) } : term))
    .filter((term) => term.values.length > 0);
  if (use === "drop") return without;
  if (use === "only") return [...without.filter((term) => term.field !== field), { field, values: [value], isExcluded: false }];
  const isExcluded = use === "exclude";
  const same = without.findIndex((term) => term.field === field && term.isExcluded === isExcluded);
  const found = without[same];
  if (!found) return [...without, { field, values: [value], isExcluded }];
  return without.map((term, at) => (at === same ? { ...found, values: [...found.values, value] } : term));
}

/** How a value stands in the terms. */
export function useOf(terms: readonly Term[], field: Field, value: string): "include" | "exclude" | undefined {
  const found = terms.find((term) => term.field === field && term.values.includes(value));
  return found ? (found.isExcluded ? "exclude" : "include") : undefined;
}

/** The ends of a stretch, in milliseconds. A moving end is rounded up to `step`, so that queries can be told apart. */
export function ends(stretch: Stretch, now: number, step = 60_000): { from: number; to: number } {
  if ("from" in stretch) return stretch;
  const to = Math.ceil(now / step) * step;
  return { from: to - SPANS[stretch.last], to };
}
