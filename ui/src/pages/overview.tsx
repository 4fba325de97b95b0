// Overview: what happened, how serious, to whom, and whether everything still runs.

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Link, useLocation } from "wouter";
import { useSources } from "../api/foot";
import { get, type Schemas } from "../api/client";
import { useRules } from "../api/names";
import { useBlocks } from "../api/respond";
import { useIsUp, useNews } from "../api/stream";
import { ends, type Field, readStretch, stretchParams, writeLook, FIRST_LOOK, type Stretch } from "../lib/filter";
import { grouped, percent, rate, short } from "../lib/format";
import { useNow } from "../lib/hooks";
import { rulePath, useParams } from "../lib/router";
import { harmless } from "../lib/text";
import { clock, duration, instant } from "../lib/time";
import { Histogram, Legend } from "../parts/histogram";
import { Empty, Ready } from "../parts/states";
import { TimePicker } from "../parts/time_picker";
import { Level } from "../parts/words";
import { Top } from "../shell";
import { t } from "../strings/en";
import { Strip } from "./attack";
import { tactic } from "./signals/facets";
import { Stack, useSeries } from "./signals/head";
import { entityText } from "./signals/queue";

type Answer = Schemas["OverviewAnswer"];

const NEWS_WAIT_MS = 2000;

function link(stretch: Stretch, values: Record<string, string>): string {
  const params = new URLSearchParams({ ...stretchParams(stretch), ...values });
  return `/signals?${params.toString()}`;
}

function facet(summary: Schemas["Summary"], field: string): readonly Schemas["FacetValue"][] {
  return summary.facets.find((one) => one.field === field)?.values ?? [];
}

function countOf(summary: Schemas["Summary"], field: string, value: string): number {
  return facet(summary, field).find((one) => one.value === value)?.count ?? 0;
}

/** The page. */
export default function Overview() {
  const [params, setParams] = useParams();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const isUp = useIsUp();
  const stretch = readStretch(params);
  const now = useNow(30_000);
  const { from, to } = ends(stretch, now);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const query = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  const asked = useQuery({
    queryKey: ["overview", query],
    queryFn: ({ signal }) => get("/api/v1/overview", { query, signal }),
    placeholderData: keepPreviousData,
  });
  useNews(({ added, changed, is_partial }) => {
    if (added === 0 && changed === 0 && !is_partial) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: ["overview"] });
    }, NEWS_WAIT_MS);
  });
  const choose = (start: number, end: number): void => go(`/signals${writeLook({ ...FIRST_LOOK, stretch: { from: start, to: end } })}`);
  return (
    <>
      <Top page="overview">
        <span className="push" />
        <TimePicker
          value={stretch}
          ends={{ from, to }}
          set={(next) => setParams({ last: undefined, since: undefined, until: undefined, ...stretchParams(next) }, true)}
        />
        <span className={isUp ? "btn ghost live" : "btn ghost live off"}>
          <i /> {isUp ? t.live : t.connecting}
        </span>
      </Top>
      <main className="scroll wide">
        <Ready of={asked} rows={10}>
          {(data) => <Body data={data} stretch={stretch} ends={{ from, to }} choose={choose} />}
        </Ready>
      </main>
    </>
  );
}

function Body({ data, stretch, ends: span, choose }: { data: Answer; stretch: Stretch; ends: { from: number; to: number }; choose: (from: number, to: number) => void }) {
  if (data.signals.total === 0 && data.events === 0) {
    return (
      <Empty title={t.overview.first}>
        <p>{t.overview.firstText}</p>
        <Link className="btn" href="/sources">
          {t.page.sources}
        </Link>
      </Empty>
    );
  }
  return (
    <>
      <Stats data={data} stretch={stretch} />
      <div className="two">
        <Trend data={data} ends={span} choose={choose} />
        <Newest stretch={stretch} ends={span} />
      </div>
      <div className="thirds">
        <Risks title={t.overview.hosts} field="host" rows={data.hosts} stretch={stretch} />
        <Risks title={t.overview.users} field="user" rows={data.users} stretch={stretch} />
        <Risks title={t.overview.addresses} field="address" rows={data.addresses} stretch={stretch} />
      </div>
      <div className="thirds">
        <Busiest data={data} stretch={stretch} />
        <Tactics data={data} stretch={stretch} />
        <Feeds />
      </div>
      <Strip from={span.from} to={span.to} stretch={stretch} />
    </>
  );
}

/** What signals are stacked by over time; by level at first. */
const STACKS: readonly Field[] = ["level", "tactic", "rule", "host", "user", "address", "verdict"];

function Trend({ data, ends: { from, to }, choose }: { data: Answer; ends: { from: number; to: number }; choose: (from: number, to: number) => void }) {
  const [params, setParams] = useParams();
  const stack = STACKS.find((known) => known === params.get("stack")) ?? "level";
  const width = (data.signals.histogram?.bucket ?? 60) * 1000;
  const query = new URLSearchParams({
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    bucket: String(width / 1000),
    stack,
  });
  const asked = useQuery({
    queryKey: ["overview", "trend", query.toString()],
    queryFn: ({ signal }) => get("/api/v1/signals/summary", { query, signal }),
    placeholderData: keepPreviousData,
    enabled: stack !== "level",
  });
  const histogram = stack === "level" ? data.signals.histogram : asked.data?.histogram;
  const { series, buckets } = useSeries(histogram);
  return (
    <section className="card">
      <header>
        <h2>{t.overview.trend}</h2>
        <Stack stack={stack} fields={STACKS} set={(next) => setParams({ stack: next === "level" ? undefined : next })} />
        <Legend series={[...series].reverse()} />
        <span className="push dim wide-only">{t.overview.trendHint}</span>
      </header>
      <div className="pad">
        <Histogram from={instant(data.since) ?? from} to={instant(data.until) ?? to} width={width} series={series} buckets={buckets} height={186} choose={choose} />
      </div>
    </section>
  );
}

function Stat({ label, value, sub, href, isBad = false }: { label: string; value: string; sub: string; href: string; isBad?: boolean }) {
  return (
    <Link className="card stat" href={href}>
      <div className="dim">{label}</div>
      <div className="v">{value}</div>
      <div className={isBad ? "bad" : "dim"}>{sub}</div>
    </Link>
  );
}

function Stats({ data, stretch }: { data: Answer; stretch: Stretch }) {
  const { signals, open } = data;
  const { data: rules } = useRules();
  const { data: sources } = useSources();
  const { data: blocks } = useBlocks("active");
  const good = countOf(signals, "verdict", "true");
  const judged = good + countOf(signals, "verdict", "benign_true") + countOf(signals, "verdict", "false_positive");
  const critical = countOf(open, "level", "critical");
  const inert = rules?.items.filter((rule) => rule.inert).length ?? 0;
  const broken = (rules?.refused.length ?? 0) + (rules?.items.filter((rule) => rule.error).length ?? 0);
  const dry = blocks?.filter((block) => block.is_dry_run).length ?? 0;
  const silent = sources?.filter((source) => source.is_silent).length ?? 0;
  return (
    <div className="stats">
      <Stat label={t.overview.open} value={grouped(open.total)} sub={t.overview.ofAll(grouped(signals.total))} href={link(stretch, {})} />
      <Stat
        label={t.overview.critical}
        value={grouped(critical)}
        sub={t.overview.high(grouped(countOf(open, "level", "high")))}
        href={link(stretch, { level: "critical", status: "open" })}
      />
      <Stat label={t.overview.precision} value={percent(judged > 0 ? good / judged : undefined)} sub={t.overview.precisionOf(grouped(judged))} href={link(stretch, { status: "closed" })} />
      <Stat
        label={t.overview.events}
        value={rate(sources?.reduce((sum, source) => sum + source.rate, 0) ?? 0)}
        sub={silent > 0 ? t.overview.silent(grouped(silent)) : t.overview.eventsAll(short(data.events))}
        href="/sources"
        isBad={silent > 0}
      />
      <Stat label={t.overview.rules} value={grouped(data.rules)} sub={t.overview.rulesOff(grouped(inert), grouped(broken))} href="/rules" isBad={broken > 0} />
      <Stat label={t.overview.blocked} value={grouped(blocks?.length ?? 0)} sub={t.overview.dry(grouped(dry))} href="/response" />
    </div>
  );
}

function Newest({ stretch, ends: { from, to } }: { stretch: Stretch; ends: { from: number; to: number } }) {
  const query = new URLSearchParams({ sort: "newest", limit: "8", since: new Date(from).toISOString(), until: new Date(to).toISOString() });
  for (const level of ["critical", "high"]) query.append("level", level);
  for (const status of ["open", "acknowledged"]) query.append("status", status);
  const asked = useQuery({
    queryKey: ["overview", "newest", query.toString()],
    queryFn: ({ signal }) => get("/api/v1/signals", { query, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <section className="card">
      <header>
        <h2>{t.overview.newest}</h2>
      </header>
      <Ready of={asked} rows={5}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="pad dim">{t.overview.noRisk}</p>
          ) : (
            <ul className="brief">
              {items.map((signal) => (
                <li key={signal.id}>
                  <Link href={link(stretch, { level: signal.level, sort: "newest", open: signal.id })}>
                    <span className={`level ${signal.level}`}>
                      <span className="unseen">{t.level[signal.level]}</span>
                    </span>
                    <span className="clip">
                      {harmless(signal.title)} <span className="mono faint">{harmless(entityText(signal))}</span>
                    </span>
                    <time className="mono dim">{clock(instant(signal.time))}</time>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
    </section>
  );
}

function Risks({ title, field, rows, stretch }: { title: string; field: string; rows: readonly Schemas["Risk"][]; stretch: Stretch }) {
  const [, go] = useLocation();
  if (rows.length === 0) return null;
  return (
    <section className="card">
      <header>
        <h2>{title}</h2>
      </header>
      <table className="table fixed">
        <thead>
          <tr>
            <th>{t.overview.entity}</th>
            <th className="level-col">{t.signals.level}</th>
            <th className="num-col num">{t.overview.signals}</th>
            <th className="num-col num">{t.overview.risk}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, 7).map(({ value, score, signals, level }) => (
            <tr key={value} className="click" onClick={() => go(link(stretch, { [field]: value }))}>
              <td className="one mono">
                <Link href={link(stretch, { [field]: value })}>{harmless(value)}</Link>
              </td>
              <td>
                <Level of={level} plain />
              </td>
              <td className="num">{grouped(signals)}</td>
              <td className="num">{Math.round(score)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Busiest({ data, stretch }: { data: Answer; stretch: Stretch }) {
  const { data: rules } = useRules();
  const rows = facet(data.signals, "rule").slice(0, 8);
  const max = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <section className="card">
      <header>
        <h2>{t.overview.byRule}</h2>
      </header>
      <div className="bars">
        {rows.map(({ value, count }) => {
          const rule = rules?.items.find(({ uid }) => uid === value);
          return (
            <Link key={value} className={`bar ${rule?.level ?? "informational"}`} href={link(stretch, { rule: value })} title={rulePath(value)}>
              <span className="clip">{harmless(rule?.title ?? value)}</span>
              <i style={{ width: `${(count / max) * 100}%` }} />
              <span className="num dim">{short(count)}</span>
            </Link>
          );
        })}
      </div>
    </section>
  );
}

function Tactics({ data, stretch }: { data: Answer; stretch: Stretch }) {
  const rows = facet(data.signals, "tactic").filter(({ value }) => value !== "").slice(0, 8);
  const max = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <section className="card">
      <header>
        <h2>{t.overview.byTactic}</h2>
      </header>
      {rows.length === 0 && <p className="pad dim">{t.none}</p>}
      <div className="bars">
        {rows.map(({ value, count }) => (
          <Link key={value} className="bar" href={link(stretch, { tactic: value })}>
            <span className="clip">{harmless(tactic(value))}</span>
            <i style={{ width: `${(count / max) * 100}%` }} />
            <span className="num dim">{short(count)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}

function Feeds() {
  const { data } = useSources();
  const rows = [...(data ?? [])].sort((a, b) => Number(b.is_silent) - Number(a.is_silent) || b.rate - a.rate).slice(0, 7);
  const silent = data?.filter((source) => source.is_silent).length ?? 0;
  const now = useNow();
  return (
    <section className="card">
      <header>
        <h2>{t.overview.sources}</h2>
        <span className="push">{silent > 0 && <span className="pill warn">{t.overview.silent(grouped(silent))}</span>}</span>
      </header>
      <table className="table fixed">
        <thead>
          <tr>
            <th>{t.overview.source}</th>
            <th className="num-col num">{t.overview.rate}</th>
            <th className="lag-col num">{t.overview.lag}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((source) => (
            <tr key={source.name}>
              <td className={source.is_silent ? "one mono bad" : "one mono"}>{harmless(source.name)}</td>
              <td className="num">{rate(source.rate)}</td>
              <td className="num">
                {source.is_silent
                  ? t.sources.silentFor(duration(now - (instant(source.last_heard) ?? now)))
                  : duration(source.lag_seconds == null ? undefined : source.lag_seconds * 1000)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

