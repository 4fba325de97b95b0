// A hunt: how far it is, what its rules have found, and each find with what it rests on.

import { useEffect } from "react";
import { Link, useLocation, useParams as useRoute } from "wouter";
import { Refused, type Schemas } from "../../api/client";
import { type Found, type Hunt, isAlive, useFound, useHunt } from "../../api/hunts";
import { useMay } from "../../api/session";
import { grouped, short } from "../../lib/format";
import { useKeys } from "../../lib/keys";
import { step } from "../../lib/picked";
import { useParams } from "../../lib/router";
import { harmless } from "../../lib/text";
import { clock, duration, full, instant } from "../../lib/time";
import { Empty, Problem, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Level, levels } from "../../parts/words";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { FoundPanel } from "./found";
import { HuntState, range, useHuntActs, useWhat } from "./index";

/** The page. */
export default function HuntPage() {
  const { id = "" } = useRoute<{ id: string }>();
  const asked = useHunt(id);
  const isGone = asked.error instanceof Refused && asked.error.status === 404;
  const hunt = asked.data?.hunt;
  return (
    <>
      <Top page="hunt">
        <span className="crumbs">
          <Link className="link" href="/hunts">
            {t.hunt.jobs}
          </Link>
          <span className="clip">{hunt && harmless(hunt.name || t.hunt.unnamed)}</span>
          {hunt && <HuntState hunt={hunt} />}
        </span>
        {hunt && <Acts hunt={hunt} />}
      </Top>
      {isGone ? (
        <main className="scroll">
          <Empty title={t.hunt.gone} icon="hunt" />
        </main>
      ) : (
        <Ready of={asked} rows={12}>
          {(detail) => <Body detail={detail} />}
        </Ready>
      )}
    </>
  );
}

function Acts({ hunt }: { hunt: Hunt }) {
  const may = useMay("triage");
  const [, go] = useLocation();
  const { cancel, forget } = useHuntActs();
  if (!may) return null;
  return (
    <span className="push row">
      {isAlive(hunt) ? (
        <button className="btn" onClick={() => void cancel(hunt)}>
          {t.hunt.cancel}
        </button>
      ) : (
        <button className="btn danger" onClick={() => void forget(hunt).then((isDone) => isDone && go("/hunts"))}>
          {t.hunt.forget}
        </button>
      )}
    </span>
  );
}

function Body({ detail: { hunt, rules } }: { detail: Schemas["HuntDetail"] }) {
  const [params, setParams] = useParams();
  const filter: Record<string, string> = {};
  for (const name of ["rule", "level", "signal", "sort"]) {
    const value = params.get(name);
    if (value) filter[name] = value;
  }
  const asked = useFound(hunt, filter);
  const rows = asked.data?.pages.flatMap(({ items }) => items) ?? [];
  const open = params.get("open") ?? undefined;
  const order = rows.map(({ id }) => id);
  const choose = (id: string | undefined): void => setParams({ open: id });
  const move = (by: number): void => choose(step(order, open, by));
  const first = order[0];
  useEffect(() => {
    // Wide screens show the first one at once, as the queue of signals does.
    if (open === undefined && first !== undefined && window.innerWidth > 1250) setParams({ open: first });
  }, [open, first]);
  useKeys([
    { keys: "j", label: t.keys.down, run: () => move(1), hint: true },
    { keys: "k", label: t.keys.up, run: () => move(-1), hint: true },
  ]);
  return (
    <main className={open ? "triage" : "triage closed"}>
      <ByRule rules={rules} chosen={params.get("rule") ?? undefined} choose={(rule) => setParams({ rule, open: undefined })} />
      <div className="col middle">
        <div className="head">
          <Facts hunt={hunt} />
        </div>
        <Filters params={params} set={(next) => setParams({ ...next, open: undefined })} hunt={hunt} />
        <div className="queue">
          <Ready of={asked} rows={8}>
            {() =>
              rows.length === 0 ? (
                <Empty title={isAlive(hunt) ? t.hunt.nothingYet : t.hunt.noResults} icon="hunt" />
              ) : (
                <Rows rows={rows} open={open} choose={choose} />
              )
            }
          </Ready>
          {asked.hasNextPage && (
            <div className="more">
              <button className="btn" onClick={() => void asked.fetchNextPage()}>
                {t.more}
              </button>
            </div>
          )}
        </div>
      </div>
      {open && <FoundPanel key={open} hunt={hunt.id} id={open} shut={() => choose(undefined)} />}
    </main>
  );
}

function Facts({ hunt }: { hunt: Hunt }) {
  const what = useWhat();
  const [started, ended] = [instant(hunt.started), instant(hunt.ended)];
  const facts: [string, string][] = [
    [t.hunt.what, what(hunt)],
    [t.hunt.range, range(hunt.from, hunt.to)],
    [t.hunt.rows, hunt.events_all > hunt.events ? t.hunt.ofAll(short(hunt.events), short(hunt.events_all)) : short(hunt.events)],
    [t.hunt.rate, hunt.events_per_second == null ? "—" : short(hunt.events_per_second)],
    [t.hunt.took, started === undefined ? "—" : duration((ended ?? Date.now()) - started)],
    [t.hunt.by, hunt.made_by || t.hunt.byItself],
    [t.hunt.outcome, hunt.kind === "back_fill" ? t.hunt.fill : t.hunt.look],
  ];
  return (
    <section className="card">
      {hunt.state === "running" && (
        <div className="meter thin">
          <i style={{ width: `${hunt.progress * 100}%` }} />
        </div>
      )}
      <dl className="pad fact-row">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="faint">{name}</dt>
            <dd>{harmless(value)}</dd>
          </div>
        ))}
      </dl>
      {hunt.error && (
        <div className="pad">
          <Problem error={hunt.error} />
        </div>
      )}
      {(hunt.remarks.length > 0 || hunt.is_truncated) && (
        <ul className="pad remarks">
          {hunt.is_truncated && <li>{t.hunt.truncated}</li>}
          {hunt.remarks.map((remark) => (
            <li key={remark} className="wrap">
              {harmless(remark)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The rules that have found something; one can be chosen. */
function ByRule({ rules, chosen, choose }: { rules: readonly Schemas["HuntRule"][]; chosen: string | undefined; choose: (rule: string | undefined) => void }) {
  const max = Math.max(1, ...rules.map(({ detections }) => detections));
  return (
    <aside className="col facets" aria-label={t.hunt.byRule}>
      <section>
        <h2>{t.hunt.byRule}</h2>
        {rules.length === 0 && <p className="dim">{t.none}</p>}
        {rules.map(({ rule, title, level, detections }) => (
          <button key={rule} className="facet" aria-pressed={rule === chosen} title={harmless(title)} onClick={() => choose(rule === chosen ? undefined : rule)}>
            <span className={`name level plain ${level}`}>
              <span className="clip">{harmless(title)}</span>
            </span>
            <span className="num">{short(detections)}</span>
            <i style={{ width: `${(detections / max) * 100}%` }} />
          </button>
        ))}
      </section>
    </aside>
  );
}

function Filters({ params, set, hunt }: { params: URLSearchParams; set: (next: Record<string, string | undefined>) => void; hunt: Hunt }) {
  const signal = params.get("signal");
  const options = [
    [undefined, t.all],
    ["false", t.hunt.fresh],
    ["true", t.hunt.known],
  ] as const;
  return (
    <div className="queue-bar">
      <b>{t.hunt.count(grouped(hunt.detections))}</b>
      <div className="seg" role="group" aria-label={t.hunt.known}>
        {options.map(([value, label]) => (
          <button key={label} aria-pressed={(signal ?? undefined) === value} onClick={() => set({ signal: value })}>
            {label}
          </button>
        ))}
      </div>
      <select className="input fit-input" aria-label={t.rules.level} value={params.get("level") ?? ""} onChange={(event) => set({ level: event.target.value || undefined })}>
        <option value="">{t.rules.anyLevel}</option>
        {levels.map((level) => (
          <option key={level} value={level}>
            ≥ {t.level[level]}
          </option>
        ))}
      </select>
      <select className="input fit-input push" aria-label={t.signals.sort} value={params.get("sort") ?? "newest"} onChange={(event) => set({ sort: event.target.value })}>
        <option value="newest">{t.signals.sorts.newest}</option>
        <option value="oldest">{t.signals.sorts.oldest}</option>
      </select>
    </div>
  );
}

const COLUMNS: readonly Column<Found>[] = [
  { head: t.signals.signal, kind: "one", cell: ({ title }) => <span title={harmless(title)}>{harmless(title)}</span> },
  { head: t.signals.level, width: "level-col", cell: ({ level }) => <Level of={level} /> },
  { head: t.hunt.group, kind: "one mono", cell: ({ group }) => <span title={harmless(group)}>{harmless(group)}</span> },
  { head: t.signals.events, kind: "num", width: "num-col", cell: ({ total }) => short(total) },
  { head: t.signals.risk, kind: "num", width: "risk-col", cell: ({ risk }) => risk },
  {
    head: t.signals.last,
    kind: "mono dim one",
    width: "lag-col",
    cell: ({ last_seen }) => <time title={full(instant(last_seen))}>{clock(instant(last_seen))}</time>,
  },
  { head: t.hunt.state, width: "state-col", cell: ({ is_signal }) => (is_signal ? <span className="pill">{t.hunt.isSignal}</span> : <span className="pill acc">{t.hunt.isNew}</span>) },
];

function Rows({ rows, open, choose }: { rows: readonly Found[]; open: string | undefined; choose: (id: string) => void }) {
  return <Table label={t.hunt.results} rows={rows} columns={COLUMNS} keyOf={({ id }) => id} open={({ id }) => choose(id)} isOn={({ id }) => id === open} fixed />;
}
