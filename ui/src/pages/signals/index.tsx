// Signals: what they are made of, the queue, and the signal beside it. Everything can be done by keys.

import { useCallback, useEffect, useMemo, useState } from "react";
import { useQueries } from "@tanstack/react-query";
import { useLocation, useSearch } from "wouter";
import { get } from "../../api/client";
import { useNameOf, useRuleLevel } from "../../api/names";
import { useMay } from "../../api/session";
import { useIsUp } from "../../api/stream";
import { type Change, type Signal, useTriage } from "../../api/triage";
import { type Field, FIELDS, fullQuery, type Look, readLook, type Use, withValue, writeLook } from "../../lib/filter";
import { grouped } from "../../lib/format";
import { useKeys } from "../../lib/keys";
import { extend, NOTHING, type Picked, step, toggle } from "../../lib/picked";
import { signalPath } from "../../lib/router";
import { toast } from "../../lib/toasts";
import { Icon } from "../../parts/icon";
import { Ready } from "../../parts/states";
import { levels } from "../../parts/words";
import { TimePicker } from "../../parts/time_picker";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { SignalPanel } from "../signal/panel";
import { AssignDialog, CloseDialog } from "./actions";
import { Facets } from "./facets";
import { Head, QueueBar } from "./head";
import { Queue, type QueueRow } from "./queue";
import { useCounts, useEnds, useFresh, useGroups, useQueue } from "./queue_data";
import { QueryBar } from "./query_bar";
import { Nothing } from "./nothing";
import { Views } from "./views";

const WIDE = "(min-width: 1251px)";
const GROUP_PAGE = 100;

/** The look in the address, and how to change it. */
function useLook(): [Look, (next: Partial<Look>, push?: boolean) => void] {
  const search = useSearch();
  const [, go] = useLocation();
  const look = useMemo(() => readLook(search), [search]);
  const set = useCallback(
    (next: Partial<Look>, push = false) => {
      const before = readLook(window.location.search);
      go(`/signals${writeLook({ ...before, ...next })}`, { replace: !push });
    },
    [go],
  );
  return [look, set];
}

/** The rows: signals, or rules with the signals of those that are open. */
function useRows(look: Look, signals: readonly Signal[], rules: readonly { value: string; count: number }[], ends: { from: number; to: number }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const nameOf = useNameOf();
  const levelOf = useRuleLevel();
  const shown = look.isGrouped ? rules.filter(({ value }) => open.has(value)) : [];
  const pages = useQueries({
    queries: shown.map(({ value }) => {
      const query = fullQuery({ ...look, terms: withValue(look.terms, "rule", value, "only") }, ends);
      query.set("sort", look.sort);
      query.set("limit", String(GROUP_PAGE));
      return {
        queryKey: ["signals", "list", "group", query.toString()],
        queryFn: async () => ({ pages: [await get("/api/v1/signals", { query })], pageParams: [undefined] }),
        staleTime: Infinity,
      };
    }),
  });
  const loaded = pages.map(({ data }) => data?.pages.flatMap(({ items }) => items) ?? []);
  const rows = useMemo<QueueRow[]>(() => {
    const row = (signal: Signal, isChild: boolean): QueueRow => ({ kind: "signal", id: signal.id, signal, isChild });
    if (!look.isGrouped) return signals.map((signal) => row(signal, false));
    const rank = (rule: string): number => levels.findIndex((level) => level === levelOf(rule));
    const order = look.sort === "newest" || look.sort === "oldest" ? rules : [...rules].sort((a, b) => rank(a.value) - rank(b.value) || b.count - a.count);
    return order.flatMap(({ value, count }): QueueRow[] => {
      const at = shown.findIndex((one) => one.value === value);
      const head: QueueRow = { kind: "group", id: `rule-${value}`, title: nameOf(value), level: levelOf(value), count, isOpen: at >= 0 };
      return [head, ...(loaded[at] ?? []).map((signal) => row(signal, true))];
    });
  }, [look.isGrouped, signals, rules, open, look.sort, levelOf, loaded.map(({ length }) => length).join(), pages.map(({ dataUpdatedAt }) => dataUpdatedAt).join(), nameOf]);
  const toggleGroup = (id: string): void => {
    const rule = id.slice("rule-".length);
    setOpen((old) => (old.has(rule) ? new Set([...old].filter((one) => one !== rule)) : new Set([...old, rule])));
  };
  return { rows, toggleGroup };
}

/** The page. */
export default function Signals() {
  const [look, set] = useLook();
  const [, go] = useLocation();
  const [isLive, setLive] = useState(true);
  const [epoch, setEpoch] = useState(0);
  const [isFiltering, setFiltering] = useState(false);
  const isUp = useIsUp();
  const ends = useEnds(look, isLive);
  const queue = useQueue(look, epoch);
  const counts = useCounts(look, ends);
  const fresh = useFresh(look, epoch, isLive);
  const signals = useMemo(() => queue.data?.pages.flatMap(({ items }) => items) ?? [], [queue.data]);
  const rules = useGroups(look, ends);
  const { rows, toggleGroup } = useRows(look, signals, rules, ends);
  const total = counts.data?.total ?? signals.length;
  const use = (field: string, value: string, how: Use | "text"): void => {
    if (how === "text") set({ text: value.slice(0, 200), terms: [], open: undefined }, true);
    else if (isField(field)) set({ terms: withValue(look.terms, field, value, how), open: undefined }, true);
  };
  const triage = useQueueTriage(look, set, rows, toggleGroup, total, ends);
  useKeys([
    { keys: "l", label: t.keys.live, run: () => setLive(!isLive) },
    { keys: "v", label: t.keys.group, run: () => set({ isGrouped: !look.isGrouped }) },
    { keys: "u", label: t.keys.fresh, run: () => setEpoch(epoch + 1) },
    { keys: "p", label: t.keys.page, run: () => triage.at && go(signalPath(triage.at)) },
  ]);
  const opened = look.open ?? (triage.isWide && isSignal(triage.at) ? triage.at : undefined);
  return (
    <>
      <Top page="signals">
        <button className="btn square narrow-only" aria-label={t.signals.filters} aria-expanded={isFiltering} onClick={() => setFiltering(!isFiltering)}>
          <Icon name="filter" />
        </button>
        <QueryBar look={look} set={(next) => set({ ...next, open: undefined })} />
        <Views look={look} />
        <TimePicker value={look.stretch} ends={ends} set={(stretch) => set({ stretch, open: undefined }, true)} />
        <button className={isLive && isUp ? "btn live" : "btn live off"} aria-pressed={isLive} title={isUp ? undefined : t.offline} onClick={() => setLive(!isLive)}>
          <i /> {!isLive ? t.paused : isUp ? t.live : t.connecting}
        </button>
      </Top>
      <main className={opened ? "triage" : "triage closed"}>
        <Facets facets={counts.data?.facets ?? []} terms={look.terms} use={use} isOpen={isFiltering} />
        <div className="col middle">
          <Head look={look} set={set} counts={counts} total={total} />
          <QueueBar look={look} set={set} total={total} triage={triage} />
          <Ready of={queue} rows={12}>
            {() =>
              rows.length === 0 ? (
                <Nothing look={look} set={set} />
              ) : (
                <Queue
                  rows={rows}
                  at={triage.at}
                  isPicked={triage.isPicked}
                  choose={(id) => triage.choose(id, true)}
                  pick={triage.pick}
                  toggleGroup={toggleGroup}
                  more={queue.hasNextPage && !queue.isFetchingNextPage && !look.isGrouped ? () => void queue.fetchNextPage() : undefined}
                >
                  {fresh > 0 && (
                    <button className="btn small primary newer" onClick={() => setEpoch(epoch + 1)}>
                      {t.signals.newer(grouped(fresh))} <kbd>u</kbd>
                    </button>
                  )}
                </Queue>
              )
            }
          </Ready>
        </div>
        {opened && (
          <SignalPanel
            key="panel"
            id={opened}
            known={signals.find(({ id }) => id === opened)}
            use={use}
            act={(act) => triage.start(act, { ids: [opened] })}
            {...(look.open && !triage.isWide ? { shut: () => set({ open: undefined }) } : {})}
          />
        )}
      </main>
      {triage.dialog}
    </>
  );
}

function isSignal(id: string | undefined): id is string {
  return id !== undefined && !id.startsWith("rule-");
}

function isField(name: string): name is Field {
  return FIELDS.some((field) => field === name);
}

/** What is done to signals of the queue. */
export type Act = "close" | "acknowledge" | "open" | "assign";

/** The cursor, what is picked, and what is done with it. */
export interface QueueTriage {
  readonly at: string | undefined;
  readonly isWide: boolean;
  readonly picked: Picked;
  readonly isPicked: (id: string) => boolean;
  readonly choose: (id: string, open: boolean) => void;
  readonly pick: (id: string, isRange: boolean) => void;
  readonly pickAll: () => void;
  readonly unpick: () => void;
  readonly start: (act: Act, of?: { ids: readonly string[] }) => void;
  readonly dialog: React.ReactNode;
}

function useIsWide(): boolean {
  const [isWide, setWide] = useState(() => window.matchMedia(WIDE).matches);
  useEffect(() => {
    const media = window.matchMedia(WIDE);
    const follow = (): void => setWide(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return isWide;
}

function useQueueTriage(
  look: Look,
  set: (next: Partial<Look>) => void,
  rows: readonly QueueRow[],
  toggleGroup: (id: string) => void,
  total: number,
  ends: { from: number; to: number },
): QueueTriage {
  const isWide = useIsWide();
  const may = useMay("triage");
  const run = useTriage();
  const [cursor, setCursor] = useState<string>();
  const [picked, setPicked] = useState<Picked>(NOTHING);
  const [asking, setAsking] = useState<{ act: "close" | "assign"; ids: readonly string[] | undefined }>();
  const order = useMemo(() => rows.map(({ id }) => id), [rows]);
  const firstSignal = rows.find(({ kind }) => kind === "signal")?.id;
  const at = cursor !== undefined && order.includes(cursor) ? cursor : (look.open ?? firstSignal ?? order[0]);
  const filter = JSON.stringify([look.terms, look.text, look.stretch]);
  useEffect(() => setPicked(NOTHING), [filter]);
  const choose = (id: string, open: boolean): void => {
    setCursor(id);
    if (isSignal(id) && (open || look.open || isWide)) set({ open: id });
  };
  const move = (by: number): void => {
    const next = step(order, at, by);
    if (next !== undefined) choose(next, false);
  };
  const targets = (ids: readonly string[] | undefined): { ids: readonly string[] } | { query: string } | undefined => {
    if (ids) return { ids };
    if (picked.all) return { query: fullQuery(look, ends).toString() };
    if (picked.ids.size > 0) return { ids: [...picked.ids] };
    return isSignal(at) ? { ids: [at] } : undefined;
  };
  const apply = (change: Change, ids: readonly string[] | undefined): void => {
    const target = targets(ids);
    if (!target) return;
    const isOne = "ids" in target && target.ids.length === 1;
    void run(target, change).then((isDone) => {
      if (!isDone) return;
      setPicked(NOTHING);
      // One signal done: on to the next. After many the cursor stays.
      if (isOne && change.status === "closed" && target.ids[0] === at) move(1);
    });
  };
  const start = (act: Act, of?: { ids: readonly string[] }): void => {
    if (!may) return toast(t.act.forbidden, { failed: true });
    if (!targets(of?.ids)) return;
    if (act === "close" || act === "assign") setAsking({ act, ids: of?.ids });
    else apply({ status: act === "open" ? "open" : "acknowledged" }, of?.ids);
  };
  const pick = (id: string, isRange: boolean): void => {
    setCursor(id);
    if (isSignal(id)) setPicked((old) => (isRange ? extend(old, order.filter(isSignal), id) : toggle(old, id)));
  };
  const pickAll = (): void => setPicked({ ids: new Set(order.filter(isSignal)), anchor: undefined, all: true });
  const open = (): void => {
    if (at?.startsWith("rule-")) toggleGroup(at);
    else if (isSignal(at)) set({ open: at });
  };
  const count = (ids: readonly string[] | undefined): number => (ids ? ids.length : picked.all ? total : Math.max(1, picked.ids.size));
  useKeys([
    { keys: "j", label: t.keys.down, run: () => move(1), hint: true },
    { keys: "k", label: t.keys.up, run: () => move(-1), hint: true },
    { keys: "arrowdown", label: t.keys.down, run: () => move(1) },
    { keys: "arrowup", label: t.keys.up, run: () => move(-1) },
    { keys: "x", label: t.keys.pick, run: () => at && pick(at, false), hint: true },
    { keys: "shift+x", label: t.keys.pickTo, run: () => at && pick(at, true) },
    { keys: "ctrl+a", label: t.keys.pickAll, run: pickAll },
    { keys: "o", label: t.keys.open, run: open, hint: true },
    { keys: "enter", label: t.keys.open, run: open },
    { keys: "e", label: t.keys.end, run: () => start("close"), hint: true },
    { keys: "a", label: t.keys.acknowledge, run: () => start("acknowledge"), hint: true },
    { keys: "r", label: t.keys.reopen, run: () => start("open"), hint: true },
    { keys: "s", label: t.keys.assign, run: () => start("assign"), hint: true },
    { keys: "escape", label: t.keys.back, run: () => (picked.ids.size > 0 ? setPicked(NOTHING) : set({ open: undefined })) },
  ]);
  const dialogs = { close: CloseDialog, assign: AssignDialog };
  const Asked = asking && dialogs[asking.act];
  return {
    at,
    isWide,
    picked,
    isPicked: (id) => picked.all || picked.ids.has(id),
    choose,
    pick,
    pickAll,
    unpick: () => setPicked(NOTHING),
    start,
    dialog: Asked && <Asked count={count(asking.ids)} run={(change) => apply(change, asking.ids)} close={() => setAsking(undefined)} />,
  };
}

