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

/** The lines (from 0) of a rule's parts that bear these names: `detection: selection_x:` and what is indented below. */
export function linesOf(text: string, names: ReadonlySet<string>): Set<number> {
  const out = new Set<number>();
  let inside: number | undefined;
  let detection: number | undefined;
  text.split("\n").forEach((line, at) => {
    const indent = line.search(/\S/);
    if (indent < 0) return;
    const key = /^\s*(?:'([^']+)'|"([^"]+)"|([^\s:#'"-][^:]*?)):(?:\s|$)/.exec(line);
    const name = key?.[1] ?? key?.[2] ?? key?.[3];
    if (name === "detection" && indent === 0) detection = 0;
    else if (indent === 0) detection = undefined;
    if (inside !== undefined && indent <= inside && !/^\s*- /.test(line)) inside = undefined;
    if (detection !== undefined && indent > 0 && name !== undefined && names.has(name) && inside === undefined) inside = indent;
    if (inside !== undefined) out.add(at);
  });
  return out;
}
