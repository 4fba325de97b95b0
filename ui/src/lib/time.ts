// Times. The API speaks of instants as RFC 3339 text or as nanoseconds; the page thinks in milliseconds since 1970.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The zone that times are shown in. */
export type Zone = "utc" | "local";

let zone: Zone = "utc";

/** Sets the zone for all that is shown from now on. */
export function setZone(next: Zone): void {
  zone = next;
}

/** The spans that the picker offers, in milliseconds, by their names in the address. */
export const SPANS = {
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": DAY,
  "7d": 7 * DAY,
  "30d": 30 * DAY,
  "90d": 90 * DAY,
} as const;

/** The name of a span. */
export type Span = keyof typeof SPANS;

/** Whether a text names a span. */
export function isSpan(text: string | null | undefined): text is Span {
  return text != null && Object.hasOwn(SPANS, text);
}

/** Widths of a histogram's buckets that a reader can count in. */
const WIDTHS = [
  10_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR,
  6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY,
] as const;

/** The narrowest such width with at most so many buckets. */
export function bucketWidth(from: number, to: number, countMax = 72): number {
  return WIDTHS.find((width) => (to - from) / width <= countMax) ?? Math.ceil((to - from) / countMax / DAY) * DAY;
}

/** Milliseconds of an RFC 3339 text, a count of nanoseconds (text or number beyond 1e15) or of milliseconds. */
export function instant(value: string | number | null | undefined): number | undefined {
  if (value == null) return undefined;
  if (typeof value === "string") {
    if (/^-?\d+$/.test(value)) return Math.floor(Number(value) / 1e6);
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  return Math.abs(value) > 1e15 ? Math.floor(value / 1e6) : value;
}

function fields(at: number): [string, string, string] {
  const shift = zone === "utc" ? 0 : -new Date(at).getTimezoneOffset() * MINUTE;
  const iso = new Date(at + shift).toISOString();
  return [iso.slice(0, 10), iso.slice(11, 19), iso.slice(20, 23)];
}

/** The time of day, or with the date if it is not the day of `now`. */
export function clock(at: number | undefined, now = Date.now()): string {
  if (at === undefined) return "—";
  const [day, time] = fields(at);
  return day === fields(now)[0] ? time : `${day.slice(5)} ${time.slice(0, 5)}`;
}

/** Date and time, to the millisecond. */
export function full(at: number | undefined): string {
  if (at === undefined) return "—";
  const [day, time, rest] = fields(at);
  return `${day} ${time}.${rest}${zone === "utc" ? "Z" : ""}`;
}

/** Date and time, to the second. */
export function stamp(at: number | undefined): string {
  if (at === undefined) return "—";
  const [day, time] = fields(at);
  return `${day} ${time}`;
}

/** A label for an axis. */
export function tick(at: number, width: number): string {
  const [day, time] = fields(at);
  if (width >= DAY) return day.slice(5);
  if (width >= 6 * HOUR) return `${day.slice(5)} ${time.slice(0, 2)}h`;
  return width < MINUTE ? time : time.slice(0, 5);
}

/** Where ticks stand: round times, at most so many. */
export function ticks(from: number, to: number, countMax = 8): { at: readonly number[]; width: number } {
  const width = WIDTHS.find((step) => (to - from) / step <= countMax) ?? Math.ceil((to - from) / countMax / DAY) * DAY;
  const at: number[] = [];
  for (let next = Math.ceil(from / width) * width; next <= to; next += width) at.push(next);
  return { at, width };
}

/** How long, in at most two units. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return "—";
  const span = Math.abs(ms);
  if (span < 1000) return `${Math.round(span)} ms`;
  if (span < 10_000) return `${(span / 1000).toFixed(1)} s`;
  if (span < MINUTE) return `${Math.round(span / 1000)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} m`;
  if (span < DAY) return two(span, HOUR, "h", MINUTE, "m");
  return two(span, DAY, "d", HOUR, "h");
}

function two(span: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((span % big) / small);
  return `${Math.floor(span / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
}

/** How long ago. */
export function ago(at: number | undefined, now = Date.now()): string {
  return at === undefined ? "—" : duration(Math.max(0, now - at));
}
