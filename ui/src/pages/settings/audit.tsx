// The audit trail: who did what, and that nobody has changed it since.

import { useState } from "react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get, type Schemas } from "../../api/client";
import { grouped } from "../../lib/format";
import { useSettled } from "../../lib/hooks";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

type Row = Schemas["AuditList"]["items"][number];

/** What was said beside it; nothing if there was nothing. */
function detail({ detail: said }: Row): string {
  const text = JSON.stringify(said);
  return text === "{}" ? "" : harmless(text);
}

const COLUMNS: readonly Column<Row>[] = [
  { head: t.settings.at, width: "time-col", kind: "mono dim", cell: ({ time }) => stamp(instant(time)) },
  { head: t.settings.who, kind: "one", cell: ({ who }) => harmless(who) },
  { head: t.settings.action, kind: "one", cell: ({ action }) => harmless(action) },
  { head: t.settings.target, kind: "one mono", cell: ({ target }) => <span title={harmless(target)}>{harmless(target)}</span> },
  { head: t.settings.detail, kind: "one mono dim", cell: (row) => <span title={detail(row)}>{detail(row)}</span> },
  { head: t.settings.client, kind: "one mono dim", cell: ({ client }) => harmless(client) },
];

/** The part. */
export function Audit() {
  const [who, setWho] = useState("");
  const settled = useSettled(who.trim());
  const asked = useInfiniteQuery({
    queryKey: ["audit", settled],
    queryFn: ({ pageParam, signal }) => get("/api/v1/audit", { query: { who: settled || undefined, cursor: pageParam }, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: Schemas["AuditList"]) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const state = useQuery({ queryKey: ["audit", "verify"], queryFn: ({ signal }) => get("/api/v1/audit/verify", { signal }), staleTime: 60_000 });
  return (
    <section className="card">
      <header>
        <h2>{t.settings.audit}</h2>
        {state.data && (
          <span className={state.data.broken_at == null ? "good" : "bad"}>
            {state.data.broken_at == null ? t.settings.verified(grouped(state.data.lines)) : t.settings.broken(grouped(state.data.broken_at))}
          </span>
        )}
        <input className="input fit-input push" aria-label={t.settings.who} placeholder={t.settings.who} value={who} onChange={(event) => setWho(event.target.value)} />
      </header>
      <Ready of={asked} rows={8}>
        {({ pages }) => <Table label={t.settings.audit} rows={pages.flatMap(({ items }) => items)} columns={COLUMNS} keyOf={({ number }) => number} fixed />}
      </Ready>
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
