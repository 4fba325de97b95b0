// Rules: what is loaded, what is at work, what it finds, and what is wrong with it.

import { useMemo, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { useVirtualizer } from "@tanstack/react-virtual";
import { call } from "../api/client";
import { type RuleRow, useRules } from "../api/names";
import { useMay } from "../api/session";
import { fine, grouped, short } from "../lib/format";
import { useSettled } from "../lib/hooks";
import { useKeys } from "../lib/keys";
import { step } from "../lib/picked";
import { rulePath, useParams } from "../lib/router";
import { harmless } from "../lib/text";
import { clock, instant } from "../lib/time";
import { toast } from "../lib/toasts";
import { Empty, Ready } from "../parts/states";
import { Level, levels } from "../parts/words";
import { Top } from "../shell";
import { t } from "../strings/en";

const STATES = ["all", "on", "off", "inert", "broken"] as const;
const SORTS = ["level", "title", "signals", "cost", "last"] as const;
const ROW = 32;

type State = (typeof STATES)[number];
type Sort = (typeof SORTS)[number];

const IS: Record<State, (rule: RuleRow) => boolean> = {
  all: () => true,
  on: (rule) => rule.enabled,
  off: (rule) => !rule.enabled,
  inert: (rule) => Boolean(rule.inert),
  broken: (rule) => Boolean(rule.error),
};

const BY: Record<Sort, (a: RuleRow, b: RuleRow) => number> = {
  level: (a, b) => rank(a) - rank(b) || b.signals_week - a.signals_week || a.title.localeCompare(b.title),
  title: (a, b) => a.title.localeCompare(b.title),
  signals: (a, b) => b.signals_week - a.signals_week || rank(a) - rank(b),
  cost: (a, b) => (b.cost?.share ?? -1) - (a.cost?.share ?? -1) || rank(a) - rank(b),
  last: (a, b) => (instant(b.last) ?? 0) - (instant(a.last) ?? 0) || rank(a) - rank(b),
};

function rank({ level }: RuleRow): number {
  const at = levels.findIndex((known) => known === level);
  return at < 0 ? levels.length : at;
}

function fits(rule: RuleRow, words: readonly string[]): boolean {
  const text = [rule.title, rule.uid, rule.path, rule.logsource, rule.kind, rule.status ?? "", ...rule.tags].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Switches a rule, and tells how to take it back. */
export function useSwitch(): (rule: Pick<RuleRow, "uid" | "title" | "enabled">) => void {
  const queries = useQueryClient();
  const set = async (uid: string, enabled: boolean): Promise<void> => {
    await call("patch", "/api/v1/rules/{uid}", { enabled }, { params: { uid } });
    await queries.invalidateQueries({ queryKey: ["rules"] });
  };
  return ({ uid, title, enabled }) => {
    const told = (enabled ? t.rules.disabledNow : t.rules.enabledNow)(harmless(title));
    const fail = (error: unknown): void => toast(error instanceof Error ? error.message : String(error), { failed: true });
    set(uid, !enabled).then(() => toast(told, { undo: () => void set(uid, enabled).catch(fail) }), fail);
  };
}

/** The page. */
export default function Rules() {
  const asked = useRules();
  const [params, setParams] = useParams();
  const [text, setText] = useState(params.get("text") ?? "");
  const settled = useSettled(text, 120);
  const input = useRef<HTMLInputElement>(null);
  const state = STATES.find((known) => known === params.get("state")) ?? "all";
  const sort = SORTS.find((known) => known === params.get("sort")) ?? "level";
  const level = levels.find((known) => known === params.get("level"));
  const all = asked.data?.items ?? [];
  const shown = useMemo(() => {
    const words = settled.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((rule) => IS[state](rule) && (!level || rule.level === level) && fits(rule, words)).sort(BY[sort]);
  }, [all, settled, state, level, sort]);
  useKeys([{ keys: "/", label: t.keys.search, run: () => input.current?.focus(), hint: true }]);
  return (
    <>
      <Top page="rules">
        <div className="query">
          <input
            ref={input}
            type="search"
            aria-label={t.keys.search}
            placeholder={t.rules.search}
            value={text}
            spellCheck={false}
            onChange={(event) => {
              setText(event.target.value);
              setParams({ text: event.target.value || undefined });
            }}
          />
        </div>
        <select className="input fit-input" aria-label={t.rules.level} value={level ?? ""} onChange={(event) => setParams({ level: event.target.value || undefined })}>
          <option value="">{t.rules.anyLevel}</option>
          {levels.map((one) => (
            <option key={one} value={one}>
              {t.level[one]}
            </option>
          ))}
        </select>
        <div className="seg">
          {STATES.map((one) => (
            <button key={one} aria-pressed={one === state} onClick={() => setParams({ state: one === "all" ? undefined : one })}>
              {t.rules[one]} <span className="faint">{grouped(all.filter(IS[one]).length)}</span>
            </button>
          ))}
        </div>
      </Top>
      <main className="rules-page">
        {asked.data && asked.data.refused.length > 0 && <Refused refused={asked.data.refused} />}
        <Ready of={asked} rows={14}>
          {() =>
            shown.length === 0 ? (
              <Empty title={t.rules.empty}>
                <p>{t.rules.emptyText}</p>
              </Empty>
            ) : (
              <List rules={shown} sort={sort} setSort={(next) => setParams({ sort: next === "level" ? undefined : next })} />
            )
          }
        </Ready>
      </main>
    </>
  );
}

function Refused({ refused }: { refused: readonly { path: string; message: string; text: string; title?: string | null }[] }) {
  return (
    <details className="refused">
      <summary className="bad">{t.rules.refused(grouped(refused.length))}</summary>
      {refused.map((one, at) => (
        <pre key={at} className="code" tabIndex={0}>
          <span className="ln">{harmless(one.text || `${one.path}: ${one.message}`)}</span>
        </pre>
      ))}
    </details>
  );
}

function List({ rules, sort, setSort }: { rules: readonly RuleRow[]; sort: Sort; setSort: (next: Sort) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [, go] = useLocation();
  const [cursor, setCursor] = useState<string>();
  const may = useMay("rules");
  const flip = useSwitch();
  const order = rules.map(({ uid }) => uid);
  const virtual = useVirtualizer({ count: rules.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12, scrollMargin: 28, scrollPaddingStart: 28 });
  const move = (by: number): void => {
    const next = step(order, cursor, by);
    setCursor(next);
    if (next !== undefined) virtual.scrollToIndex(order.indexOf(next));
  };
  const current = rules.find(({ uid }) => uid === cursor);
  useKeys([
    { keys: "j", label: t.keys.down, run: () => move(1), hint: true },
    { keys: "k", label: t.keys.up, run: () => move(-1), hint: true },
    { keys: "o", label: t.keys.open, run: () => current && go(rulePath(current.uid)), hint: true },
    { keys: "enter", label: t.keys.open, run: () => current && go(rulePath(current.uid)) },
    { keys: "t", label: t.keys.toggle, run: () => current && may && flip(current), hint: true },
  ]);
  const head = (name: Sort, label: string, kind = "") => (
    <span role="columnheader" className={kind} aria-sort={sort === name ? "descending" : "none"}>
      <button className="sort" onClick={() => setSort(name)}>
        {label}
        {sort === name && " ▾"}
      </button>
    </span>
  );
  return (
    <div ref={box} className="queue" role="grid" tabIndex={0} aria-label={t.page.rules} aria-rowcount={rules.length + 1} aria-activedescendant={cursor && `rule-${cursor}`}>
      <div className="qrow head rrow" role="row" aria-rowindex={1}>
        <span role="columnheader" aria-label={t.rules.enabled} />
        {head("title", t.rules.title)}
        {head("level", t.rules.level)}
        <span role="columnheader" className="wide-only">{t.rules.source}</span>
        {head("signals", t.rules.week, "num wide-only")}
        <span role="columnheader" className="num wide-only">{t.rules.trueFalse}</span>
        {head("cost", t.rules.cost, "num wide-only")}
        {head("last", t.rules.last, "wide-only")}
        <span role="columnheader">{t.rules.state}</span>
      </div>
      <div className="space" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const rule = rules[index];
          return rule && <Row key={rule.uid} rule={rule} index={index} start={start - 28} isOn={rule.uid === cursor} flip={may ? flip : undefined} />;
        })}
      </div>
    </div>
  );
}

/** The verdicts of a week: how many were true, benign ones included, and how many false. */
function verdicts({ true_week, false_week }: RuleRow): string {
  return true_week + false_week === 0 ? "—" : `${grouped(true_week)} / ${grouped(false_week)}`;
}

function Row({ rule, index, start, isOn, flip }: { rule: RuleRow; index: number; start: number; isOn: boolean; flip: ((rule: RuleRow) => void) | undefined }) {
  const [, go] = useLocation();
  const last = instant(rule.last);
  return (
    <div
      id={`rule-${rule.uid}`}
      className={`qrow rrow${isOn ? " on" : ""}${rule.enabled ? "" : " done"}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => go(rulePath(rule.uid))}
    >
      <span role="gridcell" className="status">
        <button
          className="switch"
          role="switch"
          aria-checked={rule.enabled}
          aria-label={`${t.rules.enabled}: ${harmless(rule.title)}`}
          disabled={!flip}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            flip?.(rule);
          }}
        />
      </span>
      <span role="gridcell">
        <Link href={rulePath(rule.uid)} onClick={(event) => event.stopPropagation()} tabIndex={-1}>
          {harmless(rule.title)}
        </Link>
      </span>
      <span role="gridcell">
        <Level of={rule.level} />
      </span>
      <span role="gridcell" className="mono dim wide-only">
        {harmless(rule.logsource || rule.kind)}
      </span>
      <span role="gridcell" className="num wide-only">
        {rule.signals_week > 0 ? short(rule.signals_week) : <span className="faint">—</span>}
      </span>
      <span role="gridcell" className="num dim wide-only">
        {verdicts(rule)}
      </span>
      <span role="gridcell" className="num dim wide-only">
        <Cost rule={rule} />
      </span>
      <span role="gridcell" className="mono dim wide-only">
        {clock(last)}
      </span>
      <span role="gridcell" className="status">
        <RuleState rule={rule} />
      </span>
    </div>
  );
}

/** What a rule takes of the time of matching; how that comes about is its title. */
export function Cost({ rule: { cost, kind } }: { rule: RuleRow }) {
  if (kind !== "rule") return <span className="faint" title={t.rules.costOther}>—</span>;
  if (!cost) return <span className="faint" title={t.rules.costNone}>—</span>;
  const share = fine(cost.share);
  return <span title={t.rules.costTold(share, fine(cost.evaluated), `${grouped(cost.nanoseconds)} ns`, grouped(cost.events))}>{share}</span>;
}

/** How a rule stands, in a word. */
export function RuleState({ rule }: { rule: RuleRow }) {
  if (rule.error) return <span className="pill warn" title={harmless(rule.error)}>{t.rules.broken.toLowerCase()}</span>;
  if (!rule.enabled) return <span className="pill">{t.rules.off.toLowerCase()}</span>;
  if (rule.inert) return <span className="pill" title={harmless(rule.inert)}>{t.rules.inert.toLowerCase()}</span>;
  if (!rule.shown) return <span className="pill" title={t.rules.feedsHint}>{t.rules.feedsOnly}</span>;
  return <span className="pill acc">{t.rules.works}</span>;
}
