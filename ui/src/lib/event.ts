// Events as they are shown: flat fields with dotted names, in the order they have.

import { find, type Range } from "./text";

/** A field of an event. */
export interface FieldLine {
  readonly path: string;
  readonly text: string;
  readonly kind: "text" | "number" | "word" | "list";
}

const DEPTH_MAX = 12;
const FIELDS_MAX = 2000;

/** The fields of an event. Lists of plain values are one field; everything else is taken apart. */
export function flatten(event: unknown): FieldLine[] {
  const out: FieldLine[] = [];
  const walk = (value: unknown, path: string, depth: number): void => {
    if (out.length >= FIELDS_MAX) return;
    if (Array.isArray(value)) {
      const isPlain = value.every((item) => item === null || typeof item !== "object");
      if (isPlain) out.push({ path, text: value.map(plain).join("\n"), kind: "list" });
      else value.forEach((item, at) => walk(item, `${path}.${at}`, depth + 1));
    } else if (value !== null && typeof value === "object" && depth < DEPTH_MAX) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key, depth + 1);
    } else out.push({ path, text: plain(value), kind: typeof value === "string" ? "text" : typeof value === "number" ? "number" : "word" });
  };
  walk(event, "", 0);
  return out;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** What a rule matched: a field, and either what was searched for in it or nothing, which means the whole value. */
export interface Match {
  readonly field: string;
  readonly needles: readonly string[];
  readonly ranges: readonly Range[];
  /** The values that were seen: a rule may say `url.original` where the event says `cs-uri`, and the value tells. */
  readonly seen: readonly string[];
}

/** Whether a match is about a field of the event. */
export function isAbout({ field, seen }: Match, { path, text }: FieldLine): boolean {
  return field === path || (text.length > 1 && seen.includes(text));
}

/** Where a field's text is lit. A match that names nothing that can be found lights the whole value. */
export function litRanges(line: FieldLine, matches: readonly Match[]): Range[] {
  const mine = matches.filter((match) => isAbout(match, line));
  if (mine.length === 0) return [];
  const found = mine.flatMap(({ needles, ranges }) => [...ranges, ...needles.flatMap((needle) => find(line.text, needle))]);
  return found.length > 0 ? found : [[0, line.text.length]];
}

const SUMMARY = [
  ["http.request.method", "url.original"],
  ["cs-method", "cs-uri"],
  ["cs-method", "cs-uri-stem", "cs-uri-query"],
  ["process.command_line"],
  ["CommandLine"],
  ["message"],
  ["Image"],
  ["ServiceName", "ImagePath"],
  ["TargetUserName", "IpAddress"],
] as const;

const METHODS = ["http.request.method", "cs-method"];

function withLead(lead: string, line: FieldLine): { text: string; path: string; at: number } {
  return { text: lead ? `${lead} ${line.text}` : line.text, path: line.path, at: lead ? lead.length + 1 : 0 };
}

/** An event in a line: what matched, or what usually tells most. */
export function oneLine(lines: readonly FieldLine[], matches: readonly Match[] = []): { text: string; path: string; at: number } {
  // A method alone tells nothing: it stands in front of what does.
  const matched = lines.find((line) => line.text.length > 3 && !METHODS.includes(line.path) && matches.some((match) => isAbout(match, line)));
  if (matched) return withLead(lines.find(({ path }) => METHODS.includes(path) && path !== matched.path)?.text ?? "", matched);
  for (const paths of SUMMARY) {
    const found = paths.map((path) => lines.find((line) => line.path === path || line.path.endsWith(`.${path}`)));
    const last = found.at(-1);
    if (found.some((line) => !line) || !last) continue;
    return withLead(found.slice(0, -1).map((line) => line?.text ?? "").join(" "), last);
  }
  const text = lines.slice(0, 6).map((line) => `${line.path}=${line.text}`).join(" ");
  return { text, path: "", at: 0 };
}
