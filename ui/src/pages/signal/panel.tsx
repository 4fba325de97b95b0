// A signal on one scroll: why it fired, what it rests on, the rule and the event with what matched lit, what stands around
// it, and what people made of it. The same beside the queue and on its own page.

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { get, Refused, type Schemas } from "../../api/client";
import type { Signal } from "../../api/triage";
import { short } from "../../lib/format";
import { signalPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { clock, full, instant } from "../../lib/time";
import { copy, type ValueUse } from "../../parts/value_menu";
import { Icon } from "../../parts/icon";
import { Empty, Loading, Problem } from "../../parts/states";
import { Level, Status } from "../../parts/words";
import { t } from "../../strings/en";
import type { Act } from "../signals/index";
import { depth } from "./evidence";
import { SignalResponse } from "./response";
import { boldWords, Outcomes, Story } from "./story";
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
  const { signal, why, value, evidence, is_truncated } = detail;
  const { title, level, time, total } = signal;
  const story = <Story told={{ title, level, time, total, why, value, evidence, is_truncated }} bold={boldOf(detail)} use={use} />;
  const around = (
    <>
      <Entities entities={detail.entities} use={use} />
      <SignalResponse id={signal.id} rule={signal.rule} address={signal.address} />
      <Outcomes outcomes={detail.outcomes} use={use} />
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
  return boldWords([...entities.map(({ value }) => value), ...group.map(({ value }) => value), signal.host, signal.user, signal.address]);
}
