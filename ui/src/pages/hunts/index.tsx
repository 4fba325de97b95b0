// Hunts: rules over what is stored, one after the other, and what there is to hunt in.

import { useState } from "react";
import { Link, useLocation } from "wouter";
import { call } from "../../api/client";
import { type Hunt, isAlive, useHunts, useStorage } from "../../api/hunts";
import { useNameOf } from "../../api/names";
import { useMay } from "../../api/session";
import { bytes, grouped, percent, short } from "../../lib/format";
import { useKeys } from "../../lib/keys";
import { huntPath, useParams } from "../../lib/router";
import { harmless } from "../../lib/text";
import { duration, full, instant, stamp } from "../../lib/time";
import { useAct } from "../../parts/form";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { NewHunt } from "./new";

/** The page. */
export default function Hunts() {
  const asked = useHunts();
  const may = useMay("triage");
  const [params, setParams] = useParams();
  const [isAsking, setAsking] = useState(params.has("new"));
  const shut = (): void => {
    setAsking(false);
    setParams({ new: undefined, chain: undefined, kind: undefined });
  };
  useKeys([{ keys: "n", label: t.hunt.new, run: () => may && setAsking(true), hint: true }]);
  return (
    <>
      <Top page="hunt">
        <span className="dim clip wide-only">{t.hunt.text}</span>
        {may && (
          <button className="btn primary push" onClick={() => setAsking(true)}>
            {t.hunt.new} <kbd>n</kbd>
          </button>
        )}
      </Top>
      <main className="scroll wide">
        <Stored />
        <section className="card">
          <header>
            <h2>{t.hunt.jobs}</h2>
            <span className="push dim">{t.hunt.oneByOne}</span>
          </header>
          <Ready of={asked} rows={6}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title={t.hunt.none} icon="hunt">
                  <p>{t.hunt.noneText}</p>
                  {may && (
                    <button className="btn" onClick={() => setAsking(true)}>
                      {t.hunt.new}
                    </button>
                  )}
                </Empty>
              ) : (
                <Jobs hunts={items} />
              )
            }
          </Ready>
        </section>
      </main>
      {isAsking && <NewHunt close={shut} chain={params.get("chain") ?? undefined} kind={params.get("kind") ?? undefined} />}
    </>
  );
}

/** What there is to hunt in. */
function Stored() {
  const { data } = useStorage();
  if (!data) return null;
  const { lake, log } = data;
  const [first, last] = [instant(lake.first), instant(lake.last)];
  const waiting = Math.max(0, log.end - Math.max(log.first, lake.covered));
  const isBad = lake.damage.length > 0 || log.damaged > 0 || Boolean(lake.error);
  const card = (label: string, value: string, sub: string, bad = false) => (
    <Link className="card stat" href="/settings?tab=storage">
      <div className="dim">{label}</div>
      <div className="v">{value}</div>
      <div className={bad ? "bad" : "dim"}>{sub}</div>
    </Link>
  );
  return (
    <div className="stats">
      {card(t.hunt.stored, short(lake.events), t.hunt.waiting(short(waiting)))}
      {card(t.hunt.reach, first === undefined || last === undefined ? "—" : duration(last - first), first === undefined ? t.none : t.hunt.since(stamp(first)))}
      {card(t.hunt.onDisk, bytes(lake.bytes), t.hunt.files(grouped(lake.files), String(lake.classes.length)))}
      {card(t.hunt.health, isBad ? t.hunt.damaged : t.hunt.whole, isBad ? t.hunt.damagedText : t.hunt.wholeText, isBad)}
    </div>
  );
}

/** Which rules it hunts with. */
export function useWhat(): (hunt: Hunt) => string {
  const nameOf = useNameOf();
  return ({ rules, chain }) => {
    if (chain) return t.hunt.chainOf(nameOf(chain));
    const [only] = rules;
    if (only === undefined) return t.hunt.whatAll;
    return rules.length === 1 ? nameOf(only) : t.rules.count(String(rules.length));
  };
}

/** Where a hunt is in its life, and how far. */
export function HuntState({ hunt }: { hunt: Hunt }) {
  const word = t.hunt.states[hunt.state];
  if (hunt.state !== "running") {
    return <span className={hunt.state === "failed" ? "pill warn" : hunt.state === "done" ? "pill acc" : "pill"}>{word}</span>;
  }
  return (
    <span className="progress">
      <span className="meter" role="progressbar" aria-label={t.hunt.progress} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(hunt.progress * 100)}>
        <i style={{ width: `${hunt.progress * 100}%` }} />
      </span>
      <span className="num">{percent(hunt.progress)}</span>
    </span>
  );
}

/** What can be done with a hunt. */
export function useHuntActs() {
  const act = useAct("hunts");
  return {
    cancel: ({ id }: Hunt) => act(() => call("post", "/api/v1/hunts/{id}/cancel", undefined, { params: { id } }), t.hunt.cancelled),
    forget: ({ id }: Hunt) => act(() => call("delete", "/api/v1/hunts/{id}", undefined, { params: { id } }), t.hunt.forgotten),
  };
}

function Jobs({ hunts }: { hunts: readonly Hunt[] }) {
  const [, go] = useLocation();
  const may = useMay("triage");
  const what = useWhat();
  const { cancel } = useHuntActs();
  const columns: Column<Hunt>[] = [
    {
      head: t.hunt.name,
      kind: "one",
      width: "hunt-name-col",
      cell: (hunt) => (
        <>
          <Link href={huntPath(hunt.id)} onClick={(event) => event.stopPropagation()}>
            <b>{harmless(hunt.name || t.hunt.unnamed)}</b>
          </Link>{" "}
          {hunt.kind === "back_fill" && <span className="pill">{t.hunt.backFill}</span>}
        </>
      ),
    },
    { head: t.hunt.state, width: "hunt-state-col", cell: (hunt) => <HuntState hunt={hunt} /> },
    { head: t.hunt.what, kind: "one", cell: (hunt) => <span title={harmless(what(hunt))}>{harmless(what(hunt))}</span> },
    {
      head: t.hunt.range,
      kind: "one mono dim",
      cell: ({ from, to }) => <span title={`${full(instant(from))} – ${full(instant(to))}`}>{range(from, to)}</span>,
    },
    { head: t.hunt.rows, kind: "num", width: "num-col", cell: ({ events }) => short(events) },
    { head: t.hunt.rate, kind: "num dim", width: "num-col", cell: ({ events_per_second: rate }) => (rate == null ? "—" : short(rate)) },
    {
      head: t.hunt.found,
      kind: "num",
      width: "num-col",
      cell: ({ detections }) => (detections > 0 ? <b>{short(detections)}</b> : <span className="faint">0</span>),
    },
    {
      head: t.hunt.made,
      kind: "one dim",
      width: "lag-col",
      cell: ({ made, made_by }) => <span title={`${full(instant(made))} ${harmless(made_by)}`}>{harmless(made_by || t.hunt.byItself)}</span>,
    },
    {
      head: "",
      kind: "num",
      width: "act-col",
      cell: (hunt) =>
        may &&
        isAlive(hunt) && (
          <button
            className="btn small"
            onClick={(event) => {
              event.stopPropagation();
              void cancel(hunt);
            }}
          >
            {t.hunt.cancel}
          </button>
        ),
    },
  ];
  return <Table label={t.hunt.jobs} rows={hunts} columns={columns} keyOf={({ id }) => id} open={({ id }) => go(huntPath(id))} fixed />;
}

/** From when to when, short. */
export function range(from: string, to: string): string {
  const [a, b] = [stamp(instant(from)).slice(0, 16), stamp(instant(to)).slice(0, 16)];
  return a.slice(0, 10) === b.slice(0, 10) ? `${a} – ${b.slice(11)}` : `${a.slice(5)} – ${b.slice(5)}`;
}
