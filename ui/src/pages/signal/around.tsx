// What stands around a signal: whom it is about, what the same rule said before, what else happened to them, its history.

import { useState } from "react";
import { useQueries } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { get, type Schemas } from "../../api/client";
import { useMay } from "../../api/session";
import { type Signal, useTriage } from "../../api/triage";
import { grouped, percent } from "../../lib/format";
import { signalPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { clock, full, instant, stamp } from "../../lib/time";
import { useKeys } from "../../lib/keys";
import { ValueMenu, type ValueUse } from "../../parts/value_menu";
import { Status } from "../../parts/words";
import { t } from "../../strings/en";

type Detail = Schemas["SignalDetail"];

const HOUR = 3_600_000;
const ENTITIES_MAX = 3;
const RELATED_MAX = 14;

/** Whom it is about, with their risk. */
export function Entities({ entities, use }: { entities: readonly Schemas["Entity"][]; use: ValueUse }) {
  if (entities.length === 0) return null;
  return (
    <section>
      <h3>{t.signal.entities}</h3>
      <dl className="kv">
        {entities.slice(0, 12).map(({ kind, value, risk, signals }) => (
          <div key={`${kind}:${value}`} className="pair">
            <dt>{harmless(kind)}</dt>
            <dd>
              <ValueMenu field={kind} value={value} use={use}>
                {harmless(value)}
              </ValueMenu>{" "}
              <span className={risk >= 70 ? "pill warn" : "pill"}>{t.signal.risks(String(Math.round(risk)), grouped(signals))}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function counts(summary: Schemas["Summary"] | undefined): { total: number; told: number; by: Map<string, number> } {
  const values = summary?.facets.find(({ field }) => field === "verdict")?.values ?? [];
  const by = new Map(values.filter(({ value }) => value !== "").map(({ value, count }) => [value, count]));
  return { total: summary?.total ?? 0, told: [...by.values()].reduce((sum, count) => sum + count, 0), by };
}

/** What verdicts this rule has had, in all and on the same entity. */
export function Before({ detail }: { detail: Detail }) {
  const { rule, time } = detail.signal;
  const until = instant(time) ?? Date.now();
  const entity = detail.entities[0];
  const ask = (more: Record<string, string>) => {
    const query = new URLSearchParams({ rule, facet: "verdict", since: new Date(until - 30 * 24 * HOUR).toISOString(), ...more });
    return {
      queryKey: ["signals", "summary", "before", query.toString()],
      queryFn: () => get("/api/v1/signals/summary", { query }),
      staleTime: 60_000,
    };
  };
  const [all, here] = useQueries({ queries: [ask({}), ask(entity ? { entity: `${entity.kind}:${entity.value}` } : {})] });
  const rows = [
    ...(entity ? [{ label: `${t.signal.beforeHere} (${entity.value})`, of: counts(here?.data) }] : []),
    { label: t.signal.beforeAll, of: counts(all?.data) },
  ];
  return (
    <section>
      <h3>{t.signal.before}</h3>
      {rows.map(({ label, of }) => (
        <p key={label} className="dim">
          {harmless(label)}: {of.total <= 1 ? t.signal.never : <Verdicts of={of} />}
        </p>
      ))}
    </section>
  );
}

function Verdicts({ of }: { of: ReturnType<typeof counts> }) {
  const told = [...of.by].map(([verdict, count]) => `${grouped(count)} ${t.verdict[verdict as keyof typeof t.verdict]?.short ?? verdict}`);
  const good = of.by.get("true") ?? 0;
  const judged = good + (of.by.get("benign_true") ?? 0) + (of.by.get("false_positive") ?? 0);
  return (
    <>
      {t.signals.count(grouped(of.total))}
      {told.length > 0 && (
        <>
          , <b className="strong">{told.join(" · ")}</b>
        </>
      )}
      {judged > 0 && `, ${t.signal.precision(percent(good / judged), grouped(judged))}`}
    </>
  );
}

/** Signals that share an entity, a day around, in the order of time. */
export function Related({ detail }: { detail: Detail }) {
  const [, go] = useLocation();
  const at = instant(detail.signal.time) ?? 0;
  const asked = useQueries({
    queries: detail.entities.slice(0, ENTITIES_MAX).map(({ kind, value }) => {
      const query = new URLSearchParams({
        entity: `${kind}:${value}`,
        since: new Date(at - 24 * HOUR).toISOString(),
        until: new Date(at + 24 * HOUR).toISOString(),
        sort: "risk",
        limit: "30",
      });
      return { queryKey: ["signals", "related", query.toString()], queryFn: () => get("/api/v1/signals", { query }), staleTime: 30_000 };
    }),
  });
  const byId = new Map<string, Signal>([[detail.signal.id, detail.signal]]);
  for (const { data } of asked) for (const item of data?.items ?? []) byId.set(item.id, item);
  const near = [...byId.values()]
    .sort((a, b) => distance(a, at) - distance(b, at))
    .slice(0, RELATED_MAX)
    .sort((a, b) => (instant(a.time) ?? 0) - (instant(b.time) ?? 0));
  return (
    <section>
      <h3>
        {t.signal.related} <span className="faint">{t.signal.relatedHint}</span>
      </h3>
      {near.length <= 1 ? (
        <p className="dim">{t.signal.noRelated}</p>
      ) : (
        <ol className="story">
          {near.map((signal) => (
            <li key={signal.id} className={`${signal.level}${signal.id === detail.signal.id ? " here" : ""}`}>
              <time className="mono dim" title={full(instant(signal.time))}>
                {clock(instant(signal.time), at)}
              </time>
              <i className="swatch" />
              <span>
                {signal.id === detail.signal.id ? (
                  <b>{harmless(signal.title)}</b>
                ) : (
                  <button className="value" onClick={() => go(signalPath(signal.id))}>
                    {harmless(signal.title)}
                  </button>
                )}{" "}
                {signal.status !== "open" && <Status status={signal.status} verdict={signal.verdict} />}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function distance(signal: Signal, at: number): number {
  return Math.abs((instant(signal.time) ?? 0) - at);
}

/** What people made of it, and a place for notes. */
export function History({ detail }: { detail: Detail }) {
  const may = useMay("triage");
  const run = useTriage();
  const [note, setNote] = useState("");
  const [input, setInput] = useState<HTMLTextAreaElement | null>(null);
  useKeys([{ keys: "n", label: t.keys.note, run: () => input?.focus() }]);
  const add = (): void => {
    const text = note.trim();
    if (!text) return;
    void run({ ids: [detail.signal.id] }, { note: text }).then((isDone) => isDone && setNote(""));
  };
  return (
    <section>
      <h3>{t.signal.history}</h3>
      {detail.history.length === 0 && <p className="dim">{t.signal.noHistory}</p>}
      <ul className="notes">
        {detail.history.map((entry, at) => (
          <li key={at}>
            <span className="row">
              <b>{harmless(entry.who)}</b>
              {entry.status && <Status status={entry.status} verdict={entry.verdict} />}
              {entry.assignee && <span className="dim">→ {harmless(entry.assignee)}</span>}
              <time className="faint push">{stamp(instant(entry.time))}</time>
            </span>
            {entry.note && <p className="wrap">{harmless(entry.note)}</p>}
          </li>
        ))}
      </ul>
      {may && (
        <form
          className="stack note"
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <textarea
            ref={setInput}
            className="input"
            rows={2}
            maxLength={10_000}
            aria-label={t.signal.note}
            placeholder={t.signal.note}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) add();
            }}
          />
          {note.trim() && <button className="btn small fit">{t.signal.addNote}</button>}
        </form>
      )}
    </section>
  );
}
