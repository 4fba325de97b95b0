// Sources: who sends events, whether they still do, and what could not be read.

import { useState } from "react";
import { Link } from "wouter";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { call, get, type Schemas } from "../api/client";
import { useSources } from "../api/foot";
import { useRules } from "../api/names";
import { useMay } from "../api/session";
import { useNews } from "../api/stream";
import { bytes, grouped, rate, short } from "../lib/format";
import { useNow } from "../lib/hooks";
import { harmless } from "../lib/text";
import { duration, full, instant, stamp } from "../lib/time";
import { toast } from "../lib/toasts";
import { Plain } from "../parts/code";
import { Empty, Ready } from "../parts/states";
import { Top } from "../shell";
import { t } from "../strings/en";
import { Waiting } from "./waiting";

/** A feed that sent nothing for so long is not said to flow. */
const QUIET_MS = 60_000;

type Source = Schemas["SourceRow"];

/** The page. */
export default function Sources() {
  const queries = useQueryClient();
  const asked = useSources();
  const rules = useRules();
  useNews(({ sources }) => {
    if (sources) for (const key of ["sources", "dead-letters"]) void queries.invalidateQueries({ queryKey: [key] });
  });
  return (
    <>
      <Top page="sources">
        <span className="dim push">{asked.data && t.sources.count(grouped(asked.data.length))}</span>
      </Top>
      <main className="scroll wide">
        <Ready of={asked}>{(sources) => (sources.length === 0 ? <First /> : <Feeds sources={sources} />)}</Ready>
        {asked.data && <DeadLetters sources={asked.data} />}
        {rules.data && <Waiting rules={rules.data.items} />}
      </main>
    </>
  );
}

function First() {
  const isAdmin = useMay("admin");
  const origin = window.location.origin;
  const example = [
    `curl -H 'Authorization: ApiKey …' --data-binary @access.log '${origin}/api/v1/events?source=shop'`,
    `# Filebeat, filebeat.yml: output.elasticsearch: { hosts: ["${origin}"], api_key: "ID:SECRET" }`,
    "sigyn serve -r RULES --tail /var/log/nginx/access.log --syslog 127.0.0.1:5514",
  ].join("\n");
  return (
    <Empty title={t.sources.none} icon="sources">
      <p>{t.sources.noneText}</p>
      {isAdmin && (
        <Link className="btn" href="/settings?tab=keys">
          {t.settings.newKey}
        </Link>
      )}
      <div className="examples">
        <Plain text={example} label={t.sources.none} />
      </div>
    </Empty>
  );
}

function State({ source, now }: { source: Source; now: number }) {
  const heard = instant(source.last_heard) ?? now;
  if (source.error) return <span className="pill warn" title={harmless(source.error)}>{t.sources.error}</span>;
  if (source.is_silent) return <span className="pill warn">{t.sources.silentFor(duration(now - heard))}</span>;
  if (now - heard > QUIET_MS) return <span className="pill" title={t.sources.quietHint}>{t.sources.quietFor(duration(now - heard))}</span>;
  return <span className="pill acc">{t.sources.ok}</span>;
}

function Feeds({ sources }: { sources: readonly Source[] }) {
  const now = useNow(10_000);
  const rows = [...sources].sort((a, b) => Number(b.is_silent) - Number(a.is_silent) || b.rate - a.rate || a.name.localeCompare(b.name));
  const columns = [t.sources.rate, t.sources.lag, t.sources.events, t.sources.bytes, t.sources.dropped, t.sources.dead, t.sources.gap];
  return (
    <section className="card">
      <header>
        <h2>{t.sources.feeds}</h2>
      </header>
      <div className="hscroll" tabIndex={0} role="region" aria-label={t.sources.feeds}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.sources.name}</th>
              <th>{t.sources.kind}</th>
              <th>{t.sources.state}</th>
              {columns.map((name) => (
                <th key={name} className="num">
                  {name}
                </th>
              ))}
              <th className="num">{t.sources.last}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((source) => {
              const last = instant(source.last_event ?? source.last_heard);
              return (
                <tr key={source.name}>
                  <td className="mono wrap">{harmless(source.name)}</td>
                  <td className="dim">{source.kind}</td>
                  <td>
                    <State source={source} now={now} />
                  </td>
                  <td className="num">{rate(source.rate)}</td>
                  <td className="num">{duration(source.lag_seconds == null ? undefined : source.lag_seconds * 1000)}</td>
                  <td className="num">{short(source.events)}</td>
                  <td className="num">{bytes(source.bytes)}</td>
                  <td className={source.dropped > 0 ? "num bad" : "num dim"}>{grouped(source.dropped)}</td>
                  <td className={source.dead_letters > 0 ? "num bad" : "num dim"}>{grouped(source.dead_letters)}</td>
                  <td className="num dim">{duration(source.usual_gap_seconds == null ? undefined : source.usual_gap_seconds * 1000)}</td>
                  <td className="num mono dim" title={full(last)}>
                    {stamp(last)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function DeadLetters({ sources }: { sources: readonly Source[] }) {
  const queries = useQueryClient();
  const [source, setSource] = useState("");
  const [open, setOpen] = useState<number>();
  const asked = useInfiniteQuery({
    queryKey: ["dead-letters", source],
    queryFn: ({ pageParam, signal }) =>
      get("/api/v1/dead-letters", { query: { source: source || undefined, cursor: pageParam, limit: 50 }, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: Schemas["DeadLetterPage"]) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const may = useMay("rules");
  const replay = (): void =>
    void call("post", "/api/v1/dead-letters/replay", { source: source || null, reason: null })
      .then(({ replayed }) => toast(t.sources.replayed(grouped(replayed))), (error: unknown) => toast(error instanceof Error ? error.message : String(error), { failed: true }))
      .finally(() => {
        for (const key of ["dead-letters", "sources"]) void queries.invalidateQueries({ queryKey: [key] });
      });
  const letters = asked.data?.pages.flatMap(({ items }) => items) ?? [];
  const counts = asked.data?.pages[0]?.counts ?? [];
  return (
    <section className="card">
      <header>
        <h2>{t.sources.dead}</h2>
        {counts.map((one) => (
          <span key={`${one.source} ${one.reason}`} className="pill">
            {harmless(one.source)} · {harmless(one.reason)} · {grouped(one.count)}
          </span>
        ))}
        {may && letters.length > 0 && (
          <button className="btn small push" onClick={replay}>
            {t.sources.replay}
          </button>
        )}
        <select className={may && letters.length > 0 ? "input fit-input" : "input fit-input push"} aria-label={t.sources.name} value={source} onChange={(event) => setSource(event.target.value)}>
          <option value="">{t.all}</option>
          {sources.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      <p className="pad dim">{letters.length === 0 ? t.sources.noDead : t.sources.deadText}</p>
      {letters.length > 0 && (
        <table className="table fixed">
          <thead>
            <tr>
              <th className="time-col">{t.sources.at}</th>
              <th>{t.sources.name}</th>
              <th>{t.sources.reason}</th>
              <th>{t.sources.payload}</th>
            </tr>
          </thead>
          <tbody>
            {letters.map((letter) => (
              <Letter key={letter.number} letter={letter} isOpen={open === letter.number} toggle={() => setOpen(open === letter.number ? undefined : letter.number)} />
            ))}
          </tbody>
        </table>
      )}
      {asked.hasNextPage && (
        <div className="pad">
          <button className="btn" onClick={() => void asked.fetchNextPage()}>
            {t.more}
          </button>
        </div>
      )}
    </section>
  );
}

function Letter({ letter, isOpen, toggle }: { letter: Schemas["DeadLetterRow"]; isOpen: boolean; toggle: () => void }) {
  return (
    <>
      <tr className="click" onClick={toggle}>
        <td className="mono dim">{stamp(instant(letter.time))}</td>
        <td className="one mono">{harmless(letter.source)}</td>
        <td className="one">
          {harmless(letter.reason)} {letter.replayed && <span className="pill">{t.sources.seen}</span>}
        </td>
        <td className="one mono dim">
          <button
            className="value clip"
            aria-expanded={isOpen}
            onClick={(event) => {
              event.stopPropagation();
              toggle();
            }}
          >
            {harmless(letter.payload.slice(0, 200))}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={4}>
            <div className="stack">
              <p className="wrap">{harmless(letter.detail)}</p>
              <Plain text={letter.payload} label={t.sources.payload} />
            </div>
          </td>
        </tr>
      )}
    </>
  );
}
