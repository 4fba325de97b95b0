// Deliveries: every message that was written, whether it arrived, and what went wrong.

import { Link } from "wouter";
import { call, type Schemas } from "../../api/client";
import { KEY, useChannels, useDeliveries } from "../../api/respond";
import { useMay } from "../../api/session";
import { signalPath, useParams } from "../../lib/router";
import { harmless } from "../../lib/text";
import { full, instant, stamp } from "../../lib/time";
import { useAct } from "../../parts/form";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

type Delivery = Schemas["DeliveryRow"];

const STATES = ["waiting", "sent", "given_up"] as const;

/** The part. */
export function Deliveries() {
  const [params, setParams] = useParams();
  const state = STATES.find((one) => one === params.get("state"));
  const asked = useDeliveries({ state, channel: params.get("channel") ?? undefined });
  const { data: channels } = useChannels();
  const may = useMay("respond");
  const act = useAct(KEY);
  const nameOf = (id: string): string => channels?.find((channel) => channel.id === id)?.name ?? id;
  const columns: Column<Delivery>[] = [
    { head: t.response.made, width: "time-col", kind: "mono dim", cell: ({ made }) => <span title={full(instant(made))}>{stamp(instant(made))}</span> },
    {
      head: t.settings.state,
      width: "hunt-state-col",
      cell: ({ state: at, is_test }) => (
        <span className="row tight">
          <span className={at === "given_up" ? "pill warn" : at === "sent" ? "pill acc" : "pill"}>{t.delivery.states[at as keyof typeof t.delivery.states] ?? harmless(at)}</span>
          {is_test && <span className="pill">{t.delivery.test}</span>}
        </span>
      ),
    },
    { head: t.response.channel, kind: "one", width: "lag-col", cell: ({ channel }) => harmless(nameOf(channel)) },
    {
      head: t.delivery.says,
      kind: "one",
      cell: ({ headline, first_signal }) =>
        first_signal ? (
          <Link className="link" href={signalPath(first_signal)} title={harmless(headline)}>
            {harmless(headline)}
          </Link>
        ) : (
          <span title={harmless(headline)}>{harmless(headline)}</span>
        ),
    },
    { head: t.delivery.attempts, kind: "num", width: "num-col", cell: ({ attempts }) => attempts },
    {
      head: t.response.error,
      kind: "one dim",
      cell: ({ error, due }) => <span title={harmless(error ?? "")}>{error ? harmless(error) : due ? t.delivery.due(stamp(instant(due))) : "—"}</span>,
    },
    {
      head: "",
      kind: "num",
      width: "act-col",
      cell: ({ number, state: at }) =>
        may &&
        at !== "sent" && (
          <button className="btn small" onClick={() => void act(() => call("post", "/api/v1/deliveries/{number}/retry", undefined, { params: { number } }), t.delivery.retried)}>
            {t.response.retry}
          </button>
        ),
    },
  ];
  return (
    <section className="card">
      <header>
        <h2>{t.response.tabs.deliveries}</h2>
        <div className="seg" role="group" aria-label={t.response.filter}>
          {[undefined, ...STATES].map((one) => (
            <button key={one ?? "all"} aria-pressed={one === state} onClick={() => setParams({ state: one })}>
              {one ? t.delivery.states[one] : t.all}
            </button>
          ))}
        </div>
        <select className="input fit-input push" aria-label={t.response.channel} value={params.get("channel") ?? ""} onChange={(event) => setParams({ channel: event.target.value || undefined })}>
          <option value="">{t.delivery.anyChannel}</option>
          {channels?.map(({ id, name }) => (
            <option key={id} value={id}>
              {harmless(name)}
            </option>
          ))}
        </select>
      </header>
      <Ready of={asked} rows={6}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items);
          return rows.length === 0 ? (
            <Empty title={t.delivery.none} icon="signals">
              <p>{t.delivery.noneText}</p>
            </Empty>
          ) : (
            <Table label={t.response.tabs.deliveries} rows={rows} columns={columns} keyOf={({ number }) => number} fixed />
          );
        }}
      </Ready>
      {asked.hasNextPage && (
        <div className="more">
          <button className="btn" onClick={() => void asked.fetchNextPage()}>
            {t.more}
          </button>
        </div>
      )}
    </section>
  );
}
