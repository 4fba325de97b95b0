// Text that came from logs and rules. React escapes markup; what is left are characters that forge what a reader sees.

/** Marks that turn the direction of text, and controls, as one sign that can be seen. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** A piece of text, lit if it is what a rule matched. */
export interface Piece {
  readonly text: string;
  readonly lit: boolean;
}

/** A range of characters: from, to (exclusive). */
export type Range = readonly [number, number];

/** Cuts a text at ranges; overlapping ranges are joined, ranges beyond the text are cut off. */
export function pieces(text: string, ranges: readonly Range[]): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  const sorted = ranges
    .map(([from, to]): Range => [Math.max(0, from), Math.min(text.length, to)])
    .filter(([from, to]) => from < to)
    .sort((a, b) => a[0] - b[0]);
  for (const [from, to] of sorted) {
    if (to <= at) continue;
    const start = Math.max(from, at);
    if (start > at) out.push({ text: text.slice(at, start), lit: false });
    const last = out.at(-1);
    if (last?.lit && start === at) out[out.length - 1] = { text: last.text + text.slice(start, to), lit: true };
    else out.push({ text: text.slice(start, to), lit: true });
    at = to;
  }
  if (at < text.length) out.push({ text: text.slice(at), lit: false });
  return out;
}

/** Where a needle stands in a text, without regard to case. */
export function find(text: string, needle: string): Range[] {
  const out: Range[] = [];
  const low = text.toLowerCase();
  const wanted = needle.toLowerCase();
  // Some letters change length in lower case; then offsets would lie, and nothing is lit rather than the wrong thing.
  if (wanted === "" || low.length !== text.length) return out;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, at + wanted.length)) {
    out.push([at, at + wanted.length]);
    if (out.length >= 200) break;
  }
  return out;
}

/** A score of how well a query fits a text, by letters in order; none if it does not. Greater is better. */
export function fit(query: string, text: string): number | undefined {
  const low = text.toLowerCase();
  const wanted = query.toLowerCase().trim();
  if (wanted === "") return 0;
  const whole = low.indexOf(wanted);
  if (whole >= 0) return 100 - Math.min(whole, 50) + (whole === 0 || low[whole - 1] === " " ? 20 : 0);
  let at = 0;
  let gaps = 0;
  for (const letter of wanted) {
    const next = low.indexOf(letter, at);
    if (next < 0) return undefined;
    gaps += next - at;
    at = next + 1;
  }
  return Math.max(1, 40 - gaps);
}
