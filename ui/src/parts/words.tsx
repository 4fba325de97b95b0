// Words with a colour or a frame: levels, statuses, text from logs.

import { t } from "../strings/en";
import { harmless, pieces, type Range } from "../lib/text";

const LEVELS = ["critical", "high", "medium", "low", "informational"] as const;

/** How serious. */
export type LevelName = (typeof LEVELS)[number];

/** All levels, the most serious first. */
export const levels: readonly LevelName[] = LEVELS;

/** Whether a text names a level. */
export function isLevel(text: string | null | undefined): text is LevelName {
  return LEVELS.some((level) => level === text);
}

/** A level: a square and a word, never a colour alone. */
export function Level({ of, plain = false }: { of: string | null | undefined; plain?: boolean }) {
  if (!isLevel(of)) return <span className="faint">—</span>;
  return <span className={`level ${of}${plain ? " plain" : ""}`}>{t.level[of]}</span>;
}

/** A status, with its verdict once it is closed. */
export function Status({ status, verdict }: { status: string; verdict?: string | null | undefined }) {
  const word = t.status[status as keyof typeof t.status] ?? status;
  const end = verdict ? ` · ${t.verdict[verdict as keyof typeof t.verdict]?.short ?? verdict}` : "";
  return <span className={status === "acknowledged" ? "pill acc" : "pill"}>{word + end}</span>;
}

/** Text from a log or a rule, with what matched lit. */
export function Text({ text, lit = [] }: { text: string; lit?: readonly Range[] }) {
  if (lit.length === 0) return <>{harmless(text)}</>;
  return (
    <>
      {pieces(text, lit).map((piece, at) =>
        piece.lit ? (
          <mark key={at} className="lit">
            {harmless(piece.text)}
          </mark>
        ) : (
          <span key={at}>{harmless(piece.text)}</span>
        ),
      )}
    </>
  );
}
