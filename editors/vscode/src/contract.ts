// The commands of the server and what they take and give: see crates/lsp/src/preview.rs.

/** Converts a document: takes {@link Wanted}, gives {@link Preview}. */
export const CONVERT = "sigyn.convert";
/** Lists the targets that are built in: gives {@link Target}s. */
export const TARGETS = "sigyn.targets";
/** Explains a code or the name of a check: gives Markdown, or null. */
export const EXPLAIN = "sigyn.explain";

export interface Wanted {
  uri: string;
  target: string;
  pipelines: string[];
  format?: string;
}

export interface Preview {
  target: string;
  text: string;
  rules: { title: string; id: string | null; queries: string[]; unmapped: string[] }[];
  errors: Refused[];
}

export interface Refused {
  title: string | null;
  code: string;
  message: string;
  help: string;
  line: number | null;
}

export interface Target {
  name: string;
  title: string;
  formats: string[];
  pipelines: string[];
}

/** What the preview shows: the queries, and above them what could not be converted. */
export function show(preview: Preview, wanted: Wanted): string {
  const pipelines = wanted.pipelines.length > 0 ? ` with ${wanted.pipelines.join(", ")}` : "";
  const lines = [`# ${preview.target}${pipelines}`];
  for (const error of preview.errors) {
    const line = error.line === null ? "" : ` (line ${error.line})`;
    const title = error.title === null ? "" : `${error.title}: `;
    lines.push(`# ${error.code}${line} ${title}${error.message}`, `#   ${error.help}`);
  }
  const unmapped = [...new Set(preview.rules.flatMap((rule) => rule.unmapped))];
  if (unmapped.length > 0) {
    lines.push(`# no mapping for ${unmapped.join(", ")}`);
  }
  return `${lines.join("\n")}\n\n${preview.text}\n`;
}
