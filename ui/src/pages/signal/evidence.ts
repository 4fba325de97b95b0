// The evidence of a signal, from the API's shape to the page's.

import type { Schemas } from "../../api/client";
import { flatten, isAbout, litRanges, type Match, oneLine } from "../../lib/event";
import { instant } from "../../lib/time";
import type { Evidence } from "../../parts/evidence";
import { t } from "../../strings/en";

/** Something that a signal rests on. */
export type Piece = Schemas["Evidence"];

/** What of an event matched, field by field: `field|contains` with what was looked for. */
export function matchesOf(matched: readonly Schemas["Matched"][]): Match[] {
  return matched.map(({ field, wanted, seen }) => {
    const [name = "", ...modifiers] = field.split("|");
    // What stands for a pattern, a number or an encoding is not found as it is written; then the whole value is lit.
    const isLiteral = !modifiers.some((modifier) => ["re", "cidr", "gt", "gte", "lt", "lte", "exists", "base64", "base64offset", "wide"].includes(modifier));
    return { field: name, needles: isLiteral ? wanted.flatMap((text) => text.split(/[*?]+/)).filter((text) => text.length > 1) : [], ranges: [], seen };
  });
}

/** All events, in the order of the tree. */
export function eventsOf(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((piece) => (piece.is_signal ? eventsOf(piece.evidence) : [piece]));
}

/** How many rules stand one on the other. */
export function depth(pieces: readonly Piece[]): number {
  return 1 + Math.max(0, ...pieces.map((piece) => (piece.is_signal ? depth(piece.evidence) : 0)));
}

function eventNode(piece: Piece, key: string, tint: string | undefined, open: (piece: Piece) => void): Evidence {
  const at = instant(piece.time);
  const base = { key, tint, at, isEvent: true, below: [], unlisted: 0, open: () => open(piece) };
  if (!piece.event) return { ...base, title: piece.raw ?? piece.title, detail: undefined, lit: [] };
  const lines = flatten(piece.event);
  const matches = matchesOf(piece.matched);
  const line = oneLine(lines, matches);
  const field = lines.find(({ path }) => path === line.path);
  const lit = field && matches.some((match) => isAbout(match, field))
    ? litRanges(field, matches).map(([from, to]): [number, number] => [from + line.at, to + line.at])
    : [];
  return { ...base, title: clip(line.text, lit), detail: undefined, lit };
}

const LINE_MAX = 220;

function clip(text: string, lit: readonly (readonly [number, number])[]): string {
  const end = Math.max(LINE_MAX, ...lit.slice(0, 1).map(([, to]) => to + 20));
  return text.length > end ? `${text.slice(0, end)}…` : text;
}

function ruleNode(piece: Piece, key: string, levelOf: (rule: string) => string | undefined, open: (piece: Piece) => void, go: (id: string) => void): Evidence {
  return {
    key,
    title: piece.title,
    detail: undefined,
    tint: levelOf(piece.rule),
    at: instant(piece.time),
    lit: [],
    isEvent: false,
    below: gathered(piece.evidence, key, levelOf, open, go),
    unlisted: 0,
    open: () => go(piece.id),
  };
}

function node(piece: Piece, key: string, levelOf: (rule: string) => string | undefined, open: (piece: Piece) => void, go: (id: string) => void): Evidence {
  return piece.is_signal ? ruleNode(piece, key, levelOf, open, go) : eventNode(piece, key, levelOf(piece.rule), open);
}

/** The nodes below a rule. Events of several rules stand below these: which kinds there were is seen before how many. */
function gathered(pieces: readonly Piece[], key: string, levelOf: (rule: string) => string | undefined, open: (piece: Piece) => void, go: (id: string) => void): Evidence[] {
  const rules = [...new Set(pieces.map(({ rule }) => rule))];
  const nodes = pieces.map((piece, at) => ({ piece, node: node(piece, `${key}.${at}`, levelOf, open, go) }));
  if (rules.length < 2 || pieces.some(({ is_signal }) => is_signal)) return nodes.map((one) => one.node);
  return rules.map((rule) => {
    const mine = nodes.filter(({ piece }) => piece.rule === rule);
    const first = mine[0];
    return {
      key: `${key}.${rule}`,
      title: first?.piece.title ?? rule,
      detail: t.signal.eventCount(String(mine.length)),
      tint: levelOf(rule),
      at: first?.node.at,
      lit: [],
      isEvent: false,
      below: mine.map((one) => one.node),
      unlisted: 0,
      open: first?.node.open,
    };
  });
}

/** What is told of a detection, be it a signal or what a hunt has found. */
export interface Told {
  readonly title: string;
  readonly level: string;
  readonly time: string;
  /** How many events it rests on. */
  readonly total: number;
  readonly why: string;
  readonly value?: string | null | undefined;
  readonly evidence: readonly Piece[];
  readonly is_truncated: boolean;
}

/** The tree of a detection. */
export function treeOf(told: Told, levelOf: (rule: string) => string | undefined, open: (piece: Piece) => void, go: (id: string) => void): Evidence {
  const { title, level, time, total, value } = told;
  const [only, ...others] = told.evidence;
  // A rule on detections rests on one of them, which bears its name: what is below it is what there is to see.
  const evidence = only && others.length === 0 && only.is_signal && only.title === title ? only.evidence : told.evidence;
  const events = eventsOf(evidence).length;
  return {
    key: "0",
    title,
    detail: value == null ? undefined : t.signal.counted(value),
    tint: level,
    at: instant(time),
    lit: [],
    isEvent: false,
    below: gathered(evidence, "0", levelOf, open, go),
    unlisted: told.is_truncated ? Math.max(0, total - events) : 0,
    open: undefined,
  };
}
