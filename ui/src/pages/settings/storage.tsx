// What is stored, how much room it takes, how long it stays, and a copy to take away.

import { useState } from "react";
import { call, type Schemas } from "../../api/client";
import { useStorage } from "../../api/hunts";
import { useMay } from "../../api/session";
import { bytes, grouped, short } from "../../lib/format";
import { harmless } from "../../lib/text";
import { ago, instant, stamp } from "../../lib/time";
import { Field, FormDialog, numberOf, useAct, useSend } from "../../parts/form";
import { Problem, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

const GIB = 1024 ** 3;

/** The part. */
export function Storage() {
  const asked = useStorage();
  return (
    <Ready of={asked} rows={8}>
      {({ lake, log, signals, policy }) => (
        <>
          <div className="halves">
            <Policy policy={policy} />
            <State lake={lake} log={log} signals={signals} />
          </div>
          <Copy />
          <section className="card">
            <header>
              <h2>{t.storage.classes}</h2>
              <span className="push dim">{t.storage.classesText}</span>
            </header>
            {lake.classes.length === 0 ? (
              <p className="pad dim">{t.storage.noClasses}</p>
            ) : (
              <Table label={t.storage.classes} rows={lake.classes} columns={columns(lake)} keyOf={({ class: name }) => name} />
            )}
          </section>
        </>
      )}
    </Ready>
  );
}

function columns(lake: Schemas["LakeState"]): Column<Schemas["LakeClass"]>[] {
  const max = Math.max(1, ...lake.classes.map((one) => one.bytes));
  return [
    { head: t.storage.class, kind: "mono", cell: ({ class: name }) => harmless(name) },
    { head: t.storage.events, kind: "num", width: "lag-col", cell: ({ events }) => grouped(events) },
    { head: t.storage.bytes, kind: "num", width: "lag-col", cell: (one) => bytes(one.bytes) },
    { head: t.storage.perEvent, kind: "num dim", width: "lag-col", cell: (one) => (one.events > 0 ? bytes(one.bytes / one.events) : "—") },
    {
      head: t.storage.share,
      cell: (one) => (
        <span className="meter block">
          <i style={{ width: `${(one.bytes / max) * 100}%` }} />
        </span>
      ),
    },
  ];
}

function Policy({ policy }: { policy: Schemas["StoragePolicy"] }) {
  const may = useMay("admin");
  const act = useAct("storage");
  const [asked, ask] = useState<Schemas["StoragePolicy"]>();
  const put = async (next: Schemas["StoragePolicy"]): Promise<void> => {
    await call("put", "/api/v1/storage/policy", next);
    await act(() => Promise.resolve(), t.settings.saved);
  };
  const send = async (form: FormData): Promise<void> => {
    const gib = numberOf(form, "gib");
    const next = {
      retention_days: numberOf(form, "days") ?? null,
      lake_bytes_max: gib === undefined ? null : Math.round(gib * GIB),
      back_fill_hours: numberOf(form, "hours") ?? 0,
      signal_retention_days: numberOf(form, "signals") ?? null,
    };
    if (losesSignals(policy, next)) ask(next);
    else await put(next);
  };
  const { submit, error, isBusy } = useSend(send, () => undefined);
  const room = policy.lake_bytes_max == null ? "" : String(Math.round((policy.lake_bytes_max / GIB) * 100) / 100);
  return (
    <section className="card">
      <header>
        <h2>{t.storage.policy}</h2>
      </header>
      <form className="pad stack" onSubmit={submit} key={JSON.stringify(policy)}>
        <Field label={t.storage.days} hint={t.storage.daysHint}>
          <input className="input" name="days" type="number" min={1} max={36500} defaultValue={policy.retention_days ?? ""} disabled={!may} />
        </Field>
        <Field label={t.storage.room} hint={t.storage.roomHint}>
          <input className="input" name="gib" type="number" min={0.01} step={0.01} defaultValue={room} disabled={!may} />
        </Field>
        <Field label={t.storage.backFill} hint={t.storage.backFillHint}>
          <input className="input" name="hours" type="number" min={0} max={8784} defaultValue={policy.back_fill_hours} required disabled={!may} />
        </Field>
        <Field label={t.storage.signalDays} hint={t.storage.signalDaysHint}>
          <input className="input" name="signals" type="number" min={7} max={36500} defaultValue={policy.signal_retention_days ?? ""} disabled={!may} />
        </Field>
        {error !== undefined && <Problem error={error} />}
        <button className="btn fit" disabled={!may || isBusy}>
          {t.save}
        </button>
      </form>
      {asked && (
        <FormDialog title={t.storage.removing} close={() => ask(undefined)} send={() => put(asked)} go={t.storage.removingGo}>
          <p>{t.storage.removingText(grouped(asked.signal_retention_days ?? 0))}</p>
        </FormDialog>
      )}
    </section>
  );
}

/** Whether closed signals go sooner than before: what people wrote about them cannot be had again. */
function losesSignals(old: Schemas["StoragePolicy"], next: Schemas["StoragePolicy"]): boolean {
  return (next.signal_retention_days ?? Infinity) < (old.signal_retention_days ?? Infinity);
}

/** Leads to a copy of the catalog, which the browser writes to disk as it comes. */
function Copy() {
  if (!useMay("admin")) return null;
  return (
    <section className="card">
      <header>
        <h2>{t.storage.copy}</h2>
        <a className="btn push" href="/api/v1/storage/backup" download>
          {t.storage.copyGo}
        </a>
      </header>
      <p className="pad dim">{t.storage.copyText}</p>
    </section>
  );
}

function State({ lake, log, signals }: { lake: Schemas["LakeState"]; log: Schemas["LogState"]; signals: Schemas["SignalsState"] }) {
  const words = t.storage.facts;
  const first = instant(lake.first);
  const facts: [string, string, boolean?][] = [
    [words.lake, `${short(lake.events)} · ${bytes(lake.bytes)} · ${words.files(grouped(lake.files))}`],
    [words.range, first === undefined ? t.none : `${stamp(first)} – ${stamp(instant(lake.last))}`],
    [words.taken, lake.taken_over ? words.ago(ago(instant(lake.taken_over))) : t.never],
    [words.log, `${bytes(log.bytes)} · ${words.waiting(short(Math.max(0, log.end - Math.max(log.first, lake.covered))))}`],
    [words.signals, words.signalsOf(grouped(signals.stored), grouped(signals.closed))],
    [words.removed, signals.removed_at ? words.removedOf(grouped(signals.removed), stamp(instant(signals.removed_at))) : t.none],
    [words.damage, lake.damage.length + log.damaged === 0 ? t.none : [...lake.damage, ...log.damage].join("\n"), lake.damage.length + log.damaged > 0],
  ];
  return (
    <section className="card">
      <header>
        <h2>{t.storage.state}</h2>
      </header>
      {lake.error && (
        <div className="pad">
          <Problem error={lake.error} />
        </div>
      )}
      <dl className="facts pad">
        {facts.map(([name, value, isBad]) => (
          <div key={name}>
            <dt className="dim">{name}</dt>
            <dd className={isBad ? "mono wrap lines bad" : "mono wrap lines"}>{harmless(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
