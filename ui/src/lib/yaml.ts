// Colours for YAML: keys and comments, told apart line by line. It decides nothing but colour, so it may be simple.

/** A piece of a line. */
export interface Token {
  readonly text: string;
  readonly kind: "key" | "comment" | "plain";
}

/** Cuts a line into its indent and dash, its key, the rest, and a comment. */
export function tokens(line: string): Token[] {
  if (/^\s*#/.test(line)) return [{ text: line, kind: "comment" }];
  const found = /^(\s*(?:- )*)([^\s:'"#][^:]*?)(:)(?=\s|$)(.*)$/s.exec(line);
  if (!found) return withComment(line);
  const [, lead = "", key = "", colon = "", rest = ""] = found;
  const out: Token[] = lead ? [{ text: lead, kind: "plain" }] : [];
  return [...out, { text: key, kind: "key" }, { text: colon, kind: "plain" }, ...withComment(rest)];
}

function withComment(text: string): Token[] {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (quote) {
      if (letter === quote) quote = "";
    } else if ((letter === "'" || letter === '"') && /^\s*(?:- )?$/.test(text.slice(0, at))) quote = letter;
    else if (letter === "#" && (at === 0 || /\s/.test(text[at - 1] ?? ""))) {
      return [
        { text: text.slice(0, at), kind: "plain" as const },
        { text: text.slice(at), kind: "comment" as const },
      ].filter((token) => token.text !== "");
    }
  }
  return text ? [{ text, kind: "plain" }] : [];
}

/** What of a rule held: a field with its modifiers in a selection, and the values that were found. */
export interface Held {
  readonly selection: string;
  readonly field: string;
  readonly wanted: readonly string[];
}

interface Line {
  readonly at: number;
  readonly indent: number;
  readonly isItem: boolean;
  readonly key: string | undefined;
  readonly rest: string;
}

function unquoted(text: string): string {
  const clean = text.trim();
  const found = /^'((?:[^']|'')*)'|^"((?:[^"\\]|\\.)*)"/.exec(clean);
  if (found?.[1] !== undefined) return found[1].replaceAll("''", "'");
  if (found?.[2] !== undefined) return found[2].replace(/\\(.)/g, "$1");
  return clean.replace(/\s+#.*$/, "");
}

function lines(text: string): Line[] {
  return text.split("\n").flatMap((line, at) => {
    const found = /^(\s*)((?:- +|-$)*)(.*)$/.exec(line);
    const body = found?.[3] ?? "";
    if (body === "" && !found?.[2]) return [];
    if (body.startsWith("#")) return [];
    const indent = (found?.[1] ?? "").length;
    const key = /^(?:'([^']+)'|"([^"]+)"|([^\s:'"][^:]*?))\s*:(?:\s+(.*))?$/.exec(body);
    const isItem = Boolean(found?.[2]);
    const name = key?.[1] ?? key?.[2] ?? key?.[3];
    // `- field: value` opens a map where its key stands, behind the dash.
    return [{ at, indent: indent + (key ? (found?.[2] ?? "").length : 0), isItem, key: name, rest: key ? (key[4] ?? "") : body }];
  });
}

/** The lines (from 0) of a rule that held: the field in its selection, and of its values those that were found. A selection
 * of which no field is named is lit as a whole. */
export function litLines(text: string, held: readonly Held[]): Set<number> {
  const out = new Set<number>();
  const all = lines(text);
  const start = all.findIndex(({ key, indent }) => key === "detection" && indent === 0);
  if (start < 0) return out;
  const length = all.slice(start + 1).findIndex(({ indent, isItem }) => indent === 0 && !isItem);
  const detection = all.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  for (const one of held) {
    const at = detection.findIndex(({ key }) => key === one.selection);
    const head = detection[at];
    if (!head) continue;
    const end = detection.slice(at + 1).findIndex(({ indent, isItem }) => indent <= head.indent && !isItem);
    const block = detection.slice(at, end < 0 ? undefined : at + 1 + end);
    const name = one.field.toLowerCase();
    const fields = block.flatMap((line, place) => (line.key?.toLowerCase() === name && place > 0 ? [place] : []));
    if (fields.length === 0) for (const line of block) out.add(line.at);
    for (const place of fields) light(block, place, one.wanted, out);
  }
  return out;
}

function light(block: readonly Line[], place: number, wanted: readonly string[], out: Set<number>): void {
  const field = block[place];
  if (!field) return;
  out.add(field.at);
  const rest = block.slice(place + 1);
  const end = rest.findIndex(({ indent, isItem, key }) => (isItem && !key ? indent < field.indent : indent <= field.indent));
  const values = end < 0 ? rest : rest.slice(0, end);
  const low = new Set(wanted.map((value) => value.toLowerCase()));
  const found = values.filter(({ rest: value }) => low.has(unquoted(value).toLowerCase()));
  for (const line of found.length > 0 ? found : values) out.add(line.at);
}
