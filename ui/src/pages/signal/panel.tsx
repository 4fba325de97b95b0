// A signal on one scroll: why it fired, what it rests on, the rule and the event with what matched lit, what stands around
// it, and what people made of it. The same beside the queue and on its own page.

import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { get, Refused, type Schemas } from "../../api/client";
import { useRuleLevel } from "../../api/names";
import type { Signal } from "../../api/triage";
import { short } from "../../lib/format";
import { signalPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { clock, full, instant } from "../../lib/time";
import { copy, ValueMenu, type ValueUse } from "../../parts/value_menu";
import { EvidenceTree } from "../../parts/evidence";
import { EventView } from "../../parts/event_view";
import { Icon } from "../../parts/icon";
import { Plain } from "../../parts/code";
import { Empty, Loading, Problem } from "../../parts/states";
import { Level, Status } from "../../parts/words";
import { t } from "../../strings/en";
import type { Act } from "../signals/index";
import { depth, eventsOf, matchesOf, type Piece, treeOf } from "./evidence";
import { MatchedRule } from "./matched_rule";
import { Before, Entities, History, Related } from "./around";

interface Props {
  id: string;
  known?: Signal | undefined;
  use: ValueUse;
  act: (act: Act) => void;
  shut?: () => void;
  isAlone?: boolean;
}

/** Everything that is known of a signal. */
export function useSignal(id: string) {
  return useQuery({
    queryKey: ["signal", id],
    queryFn: ({ signal }) => get("/api/v1/signals/{id}", { params: { id }, signal }),
    staleTime: 15_000,
  });
}

/** The panel. */
export function SignalPanel({ id, known, use, act, shut, isAlone = false }: Props) {
  const asked = useSignal(id);
  const signal = asked.data?.signal ?? known;
  const isGone = asked.error instanceof Refused && asked.error.status === 404;
  return (
    <aside className={isAlone ? "side alone" : "col side"} aria-label={t.page.signal} tabIndex={-1}>
      {signal && <Header signal={signal} detail={asked.data} act={act} {...(shut ? { shut } : {})} isAlone={isAlone} />}
      {isGone && <Empty title={t.signal.notFound} />}
      {asked.error && !isGone && (
        <div className="wide">
          <Problem error={asked.error} retry={() => void asked.refetch()} />
        </div>
      )}
      {asked.isPending && <Loading rows={14} />}
      {asked.data && <Body key={id} detail={asked.data} use={use} isAlone={isAlone} />}
    </aside>
  );
}

function Header({ signal, detail, act, shut, isAlone }: {
  signal: Signal;
  detail: Schemas["SignalDetail"] | undefined;
  act: (act: Act) => void;
  shut?: () => void;
  isAlone: boolean;
}) {
  const levels = detail ? depth(detail.evidence) : 1;
  const first = instant(signal.first_seen);
  const last = instant(signal.last_seen);
  return (
    <div className="hd">
      <div className="row">
        <Level of={signal.level} />
        {levels > 1 && <span className="pill acc">{t.signal.levels(String(levels))}</span>}
        <Status status={signal.status} verdict={signal.verdict} />
        {detail?.is_provisional && <span className="pill" title={t.signal.provisionalHint}>{t.signal.provisional}</span>}
        <span className="pill">
          {t.signal.risk} {signal.risk}
        </span>
        <span className="push" />
        {!isAlone && (
          <Link className="btn ghost small" href={signalPath(signal.id)} title={t.signal.permalink}>
            {t.signal.permalink}
          </Link>
        )}
        {shut && (
          <button className="btn ghost small square" aria-label={t.close} onClick={shut}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <h2>{harmless(signal.title)}</h2>
      <p className="dim">
        {t.signal.first} <time title={full(first)}>{clock(first)}</time>
        {last !== first && (
          <>
            {" · "}
            {t.signal.last} <time title={full(last)}>{clock(last)}</time>
          </>
        )}
        {" · "}
        {t.signal.eventCount(short(signal.total))}
        {signal.assignee && ` · ${t.signal.assignee} ${harmless(signal.assignee)}`}
      </p>
      {signal.is_retracted && <p className="bad">{t.signal.retracted}</p>}
      <div className="acts">
        {signal.status === "closed" ? (
          <button className="btn primary" onClick={() => act("open")}>
            {t.signals.reopen} <kbd>r</kbd>
          </button>
        ) : (
          <button className="btn primary" onClick={() => act("close")}>
            {t.signals.close} <kbd>e</kbd>
          </button>
        )}
        {signal.status === "open" && (
          <button className="btn" onClick={() => act("acknowledge")}>
            {t.signals.acknowledge}
          </button>
        )}
        <button className="btn" onClick={() => act("assign")}>
          {t.signals.assign}
        </button>
        <button className="btn ghost" onClick={() => copy(new URL(signalPath(signal.id), window.location.href).href)}>
          {t.signal.link}
        </button>
      </div>
    </div>
  );
}

function Body({ detail, use, isAlone }: { detail: Schemas["SignalDetail"]; use: ValueUse; isAlone: boolean }) {
  const events = eventsOf(detail.evidence);
  const [at, setAt] = useState(0);
  const shown = events[Math.min(at, events.length - 1)];
  const levelOf = useRuleLevel();
  const [, go] = useLocation();
  const open = (piece: Piece): void => setAt(Math.max(0, events.indexOf(piece)));
  const tree = treeOf(detail, levelOf, open, (id) => go(signalPath(id)));
  const story = (
    <>
      <section>
        <h3>{t.signal.why}</h3>
        <p className="sentence">
          <Sentence text={detail.why} bold={boldOf(detail)} />
        </p>
      </section>
      <section>
        <h3>{t.signal.evidence}</h3>
        <EvidenceTree root={tree} />
      </section>
      {shown && <MatchedRule uid={shown.rule} title={shown.title} matched={shown.matched} />}
      {shown && <Shown piece={shown} at={at} count={events.length} step={(by) => setAt((at + by + events.length) % events.length)} use={use} />}
    </>
  );
  const around = (
    <>
      <Entities entities={detail.entities} use={use} />
      {detail.outcomes.length > 0 && <Outcomes outcomes={detail.outcomes} use={use} />}
      <Before detail={detail} />
      <Related detail={detail} />
      <History detail={detail} />
    </>
  );
  return isAlone ? (
    <>
      <div>{story}</div>
      <div className="beside">{around}</div>
    </>
  ) : (
    <>
      {story}
      {around}
    </>
  );
}

function boldOf({ signal, group, entities }: Schemas["SignalDetail"]): string[] {
  const all = [...entities.map(({ value }) => value), ...group.map(({ value }) => value), signal.host, signal.user, signal.address];
  return [...new Set(all.filter((text): text is string => Boolean(text) && (text?.length ?? 0) > 1))].sort((a, b) => b.length - a.length);
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

function Outcomes({ outcomes, use }: { outcomes: readonly Schemas["Outcome"][]; use: ValueUse }) {
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

