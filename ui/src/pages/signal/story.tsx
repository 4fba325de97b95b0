// The story of a detection: why it is one, what it rests on, the rule and the event with what matched lit. The same for
// signals and for what hunts find.

import { useState } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "../../api/client";
import { useRuleLevel } from "../../api/names";
import { signalPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { Plain } from "../../parts/code";
import { EventView } from "../../parts/event_view";
import { EvidenceTree } from "../../parts/evidence";
import { ValueMenu, type ValueUse } from "../../parts/value_menu";
import { t } from "../../strings/en";
import { eventsOf, matchesOf, type Piece, type Told, treeOf } from "./evidence";
import { MatchedRule } from "./matched_rule";

/** The story. */
export function Story({ told, bold, use }: { told: Told; bold: readonly string[]; use: ValueUse }) {
  const events = eventsOf(told.evidence);
  const [at, setAt] = useState(0);
  const shown = events[Math.min(at, events.length - 1)];
  const levelOf = useRuleLevel();
  const [, go] = useLocation();
  const open = (piece: Piece): void => setAt(Math.max(0, events.indexOf(piece)));
  return (
    <>
      <section>
        <h3>{t.signal.why}</h3>
        <p className="sentence">
          <Sentence text={told.why} bold={bold} />
        </p>
      </section>
      <section>
        <h3>{t.signal.evidence}</h3>
        <EvidenceTree root={treeOf(told, levelOf, open, (id) => go(signalPath(id)))} />
      </section>
      {shown && <MatchedRule uid={shown.rule} title={shown.title} matched={shown.matched} />}
      {shown && <Shown piece={shown} at={at} count={events.length} step={(by) => setAt((at + by + events.length) % events.length)} use={use} />}
    </>
  );
}

/** Those whom a sentence is about, the longest first. */
export function boldWords(words: readonly (string | null | undefined)[]): string[] {
  return [...new Set(words.filter((text): text is string => (text?.length ?? 0) > 1))].sort((a, b) => b.length - a.length);
}

/** The sentence, with those whom it is about in bold. */
function Sentence({ text, bold }: { text: string; bold: readonly string[] }) {
  const parts: { text: string; isBold: boolean }[] = [];
  let rest = text;
  while (rest) {
    const found = bold
      .map((word) => ({ word, at: rest.indexOf(word) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.word.length - a.word.length)[0];
    if (!found) break;
    if (found.at > 0) parts.push({ text: rest.slice(0, found.at), isBold: false });
    parts.push({ text: found.word, isBold: true });
    rest = rest.slice(found.at + found.word.length);
  }
  if (rest) parts.push({ text: rest, isBold: false });
  return <>{parts.map((part, at) => (part.isBold ? <b key={at}>{harmless(part.text)}</b> : <span key={at}>{harmless(part.text)}</span>))}</>;
}

function Shown({ piece, at, count, step, use }: { piece: Piece; at: number; count: number; step: (by: number) => void; use: ValueUse }) {
  return (
    <section>
      <h3>
        {t.signal.event(String(Math.min(at + 1, count)), String(count))}
        <span className="faint">{harmless(piece.source ?? "")}</span>
        {count > 1 && (
          <span className="push row tight">
            <button className="btn ghost small square" aria-label={t.signal.previousEvent} onClick={() => step(-1)}>
              ‹
            </button>
            <button className="btn ghost small square" aria-label={t.signal.nextEvent} onClick={() => step(1)}>
              ›
            </button>
          </span>
        )}
      </h3>
      {piece.event ? (
        <EventView key={piece.id} event={piece.event} matches={matchesOf(piece.matched)} use={use} />
      ) : piece.raw ? (
        <Plain text={piece.raw} label={t.signal.events} />
      ) : (
        <p className="dim">{t.signal.noEvent}</p>
      )}
    </section>
  );
}

/** What the rule tells of its events. */
export function Outcomes({ outcomes, use }: { outcomes: readonly Schemas["Outcome"][]; use: ValueUse }) {
  if (outcomes.length === 0) return null;
  return (
    <section>
      <h3>{t.signal.outcomes}</h3>
      <dl className="kv">
        {outcomes.map(({ name, values }) => (
          <div key={name} className="pair">
            <dt>{harmless(name)}</dt>
            <dd>
              {values.slice(0, 20).map((value) => (
                <div key={value}>
                  <ValueMenu field={name} value={value} use={use}>
                    {harmless(value)}
                  </ValueMenu>
                </div>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

