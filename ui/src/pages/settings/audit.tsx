// The audit trail: who did what, and that nobody has changed it since.

import { useState } from "react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get, type Schemas } from "../../api/client";
import { grouped } from "../../lib/format";
import { useSettled } from "../../lib/hooks";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { Ready } from "../../parts/states";
import { t } from "../../strings/en";

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
        {({ pages }) => (
          <table className="table fixed">
            <thead>
              <tr>
                <th className="time-col">{t.settings.at}</th>
                <th>{t.settings.who}</th>
                <th>{t.settings.action}</th>
                <th>{t.settings.target}</th>
                <th>{t.settings.detail}</th>
                <th>{t.settings.client}</th>
              </tr>
            </thead>
            <tbody>
              {pages.flatMap(({ items }) =>
                items.map((row) => {
                  const detail = JSON.stringify(row.detail);
                  return (
                    <tr key={row.number}>
                      <td className="mono dim">{stamp(instant(row.time))}</td>
                      <td className="one">{harmless(row.who)}</td>
                      <td className="one">{harmless(row.action)}</td>
                      <td className="one mono" title={harmless(row.target)}>
                        {harmless(row.target)}
                      </td>
                      <td className="one mono dim" title={harmless(detail)}>
                        {detail === "{}" ? "" : harmless(detail)}
                      </td>
                      <td className="one mono dim">{harmless(row.client)}</td>
                    </tr>
                  );
                }),
              )}
            </tbody>
          </table>
        )}
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
