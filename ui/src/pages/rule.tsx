// A rule: its text, what it finds, what feeds it, and how other systems would ask it.

import { type ReactNode, useMemo, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "wouter";
import { get, Refused, type Schemas } from "../api/client";
import { useNameOf } from "../api/names";
import { useMay } from "../api/session";
import { ends } from "../lib/filter";
import { grouped, percent, short } from "../lib/format";
import { useNow } from "../lib/hooks";
import { useKeys } from "../lib/keys";
import { rulePath } from "../lib/router";
import { harmless } from "../lib/text";
import { bucketWidth, full, instant } from "../lib/time";
import { Plain, Yaml } from "../parts/code";
import { Histogram, Legend } from "../parts/histogram";
import { copy } from "../parts/value_menu";
import { Empty, Loading, Problem, Ready } from "../parts/states";
import { Level } from "../parts/words";
import { Top } from "../shell";
import { t } from "../strings/en";
import { useRule } from "./signal/matched_rule";
import { useSeries } from "./signals/head";
import { Cost, RuleState, useSwitch } from "./rules";

type Detail = Schemas["RuleDetail"];

/** The page. */
export default function RulePage() {
  const { id = "" } = useParams<{ id: string }>();
  const uid = decodeURIComponent(id);
  const asked = useRule(uid);
  const isGone = asked.error instanceof Refused && asked.error.status === 404;
  return (
    <>
      <Top page="rule">
        <span className="crumbs">
          <Link className="link" href="/rules">
            {t.page.rules}
          </Link>
          <span className="mono faint clip">{harmless(uid)}</span>
        </span>
      </Top>
      <main className="scroll wide">
        {isGone ? <Empty title={t.signal.noRule} /> : <Ready of={asked} rows={14}>{(detail) => <Body key={uid} detail={detail} />}</Ready>}
      </main>
    </>
  );
}

function Body({ detail }: { detail: Detail }) {
  const { rule } = detail;
  const may = useMay("rules");
  const flip = useSwitch();
  useKeys([{ keys: "t", label: t.keys.toggle, run: () => may && flip(rule), hint: true }]);
  return (
    <>
      <section className="card">
        <header>
          <Level of={rule.level} />
          <h2 className="rule-title">{harmless(rule.title)}</h2>
          <RuleState rule={rule} />
          <span className="push row">
            <Link className="btn" href={`/signals?all=1&last=30d&rule=${encodeURIComponent(rule.uid)}`}>
              {t.rules.triage}
            </Link>
            <Link className="btn" href={`/hunts?new=1&chain=${encodeURIComponent(rule.uid)}`}>
              {t.hunt.with}
            </Link>
            <button className="switch" role="switch" aria-checked={rule.enabled} aria-label={t.rules.enabled} disabled={!may} onClick={() => flip(rule)} />
          </span>
        </header>
        <div className="pad stack">
          {detail.description && <p className="wrap prose">{harmless(detail.description)}</p>}
          {rule.error && (
            <div className="problem">
              <span className="wrap">{harmless(rule.error)}</span>
            </div>
          )}
          {rule.inert && (
            <p className="dim wrap">
              {t.rules.inert}: {harmless(rule.inert)}
            </p>
          )}
        </div>
      </section>
      <div className="rule-page">
        <div className="stack">
          <section className="card">
            <header>
              <h2>{t.rules.text}</h2>
              <span className="mono faint clip">{harmless(rule.path)}</span>
              <button className="btn ghost small push" onClick={() => copy(detail.text)}>
                {t.copy}
              </button>
            </header>
            <div className="pad">
              <Yaml text={detail.text} numbers label={t.rules.text} />
            </div>
          </section>
        </div>
        <div className="stack">
          <Matches uid={rule.uid} />
          <Facts detail={detail} />
          <Converted uid={rule.uid} />
        </div>
      </div>
    </>
  );
}

function Matches({ uid }: { uid: string }) {
  const now = useNow(60_000);
  const { from, to } = useMemo(() => ends({ last: "7d" }, now, 3_600_000), [now]);
  const width = bucketWidth(from, to, 60);
  const query = new URLSearchParams({
    rule: uid,
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    bucket: String(width / 1000),
    stack: "status",
    facet: "verdict",
  });
  const asked = useQuery({
    queryKey: ["signals", "summary", query.toString()],
    queryFn: ({ signal }) => get("/api/v1/signals/summary", { query, signal }),
  });
  const { series, buckets } = useSeries(asked.data?.histogram);
  const verdicts = asked.data?.facets[0]?.values.filter(({ value }) => value !== "") ?? [];
  const told = (value: string): number => verdicts.find((one) => one.value === value)?.count ?? 0;
  const judged = told("true") + told("benign_true") + told("false_positive");
  return (
    <section className="card">
      <header>
        <h2>{t.rules.matches}</h2>
        <Legend series={series} />
        <span className="dim push">{t.signals.count(grouped(asked.data?.total ?? 0))}</span>
      </header>
      <div className="pad stack">
        {asked.isPending ? <Loading rows={3} /> : <Histogram {...{ from, to, width, series, buckets }} height={84} />}
        <p className="dim">
          {t.rules.verdicts}: {verdicts.length === 0 ? t.none : verdicts.map(({ value, count }) => `${grouped(count)} ${t.verdict[value as keyof typeof t.verdict]?.short ?? value}`).join(" · ")}
          {judged > 0 && `, ${t.signal.precision(percent(told("true") / judged), grouped(judged))}`}
        </p>
      </div>
    </section>
  );
}

function Facts({ detail }: { detail: Detail }) {
  const { rule } = detail;
  const nameOf = useNameOf();
  const links = (uids: readonly string[]): ReactNode =>
    uids.map((uid) => (
      <div key={uid}>
        <Link className="link" href={rulePath(uid)}>
          {harmless(nameOf(uid))}
        </Link>
      </div>
    ));
  const rows: [string, ReactNode][] = [
    [t.rules.source, rule.logsource && harmless(rule.logsource)],
    [t.chains.kind, rule.kind],
    [t.rules.status, rule.status],
    [t.rules.author, detail.author && harmless(detail.author)],
    [t.rules.tags, rule.tags.length > 0 && <span className="row">{rule.tags.map((tag) => <span key={tag} className="pill">{harmless(tag)}</span>)}</span>],
    [t.rules.matched, rule.matches > 0 && short(rule.matches)],
    [t.rules.cost, rule.kind === "rule" && <Cost rule={rule} />],
    [t.rules.last, rule.last && full(instant(rule.last))],
    [t.rules.fedBy, detail.reads.length > 0 && links(detail.reads)],
    [t.rules.feeds, detail.read_by.length > 0 && links(detail.read_by)],
    [t.signal.falsepositives, detail.false_positives.length > 0 && detail.false_positives.map(harmless).join(" · ")],
    // Addresses in rules are shown, and not followed: they were written by others.
    [t.rules.references, detail.references.length > 0 && detail.references.map((text) => <div key={text} className="mono wrap">{harmless(text)}</div>)],
    [t.rules.changedBy, detail.changed_by && `${harmless(detail.changed_by)}, ${full(instant(detail.changed_at))}`],
  ];
  return (
    <section className="card">
      <header>
        <h2>{t.rules.detail}</h2>
      </header>
      <dl className="facts pad">
        {rows.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt className="dim">{name}</dt>
              <dd className="wrap">{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}

function Converted({ uid }: { uid: string }) {
  const [target, setTarget] = useState("");
  const targets = useQuery({ queryKey: ["targets"], queryFn: ({ signal }) => get("/api/v1/targets", { signal }), staleTime: Infinity });
  const found = targets.data?.find(({ name }) => name === target) ?? targets.data?.[0];
  const [pipeline, setPipeline] = useState("");
  const chosen = found?.pipelines.includes(pipeline) ? pipeline : found?.requires_pipeline ? (found.pipelines[0] ?? "") : "";
  const asked = useQuery({
    queryKey: ["rules", uid, "query", found?.name, chosen],
    queryFn: ({ signal }) =>
      get("/api/v1/rules/{uid}/query", { params: { uid }, query: { target: found?.name ?? "", pipeline: chosen || undefined }, signal }),
    enabled: found !== undefined,
    staleTime: 60_000,
  });
  const text = asked.data?.queries.join("\n\n") ?? "";
  return (
    <section className="card">
      <header>
        <h2>{t.rules.converted}</h2>
        <select className="input fit-input push" aria-label={t.rules.target} value={found?.name ?? ""} onChange={(event) => setTarget(event.target.value)}>
          {targets.data?.map(({ name, title }) => (
            <option key={name} value={name}>
              {title || name}
            </option>
          ))}
        </select>
        {found && found.pipelines.length > 0 && (
          <select className="input fit-input" aria-label={t.rules.pipeline} value={chosen} onChange={(event) => setPipeline(event.target.value)}>
            {!found.requires_pipeline && <option value="">{t.rules.noPipeline}</option>}
            {found.pipelines.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </header>
      <div className="pad stack">
        {asked.isPending && <Loading rows={4} />}
        {asked.error && <Problem error={asked.error} retry={() => void asked.refetch()} />}
        {asked.data?.refused && (
          <>
            <p className="dim">{t.rules.cannotConvert}</p>
            <Plain text={asked.data.refused} label={t.rules.diagnostics} />
          </>
        )}
        {text && (
          <>
            <pre className="code soft" tabIndex={0} role="region" aria-label={t.rules.converted}>
              {harmless(text)}
            </pre>
            <button className="btn small fit" onClick={() => copy(text)}>
              {t.copy}
            </button>
          </>
        )}
      </div>
    </section>
  );
}
