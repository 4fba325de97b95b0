// What a signal causes: who is told, what policies decide, which blocks it made.

import { Link, useLocation } from "wouter";
import { useSignalResponse } from "../../api/respond";
import { useMay } from "../../api/session";
import { harmless } from "../../lib/text";
import { duration } from "../../lib/time";
import { t } from "../../strings/en";
import { BlockState } from "../response/blocks";

/** The section. */
export function SignalResponse({ id, rule, address }: { id: string; rule: string; address: string | null | undefined }) {
  const { data } = useSignalResponse(id);
  const [, go] = useLocation();
  const mayBlock = useMay("respond");
  const maySilence = useMay("triage");
  if (!data) return null;
  const decided = data.policies.filter(({ would_block, address: of }) => would_block || of);
  const isQuiet = data.alerts.length + decided.length + data.blocks.length + data.silences.length === 0;
  return (
    <section>
      <h3>{t.page.response}</h3>
      {isQuiet && <p className="dim">{t.response.nothing}</p>}
      <ul className="stack small-gap">
        {data.blocks.map((block) => (
          <li key={block.id} className="row">
            <b className="mono">{harmless(block.address)}</b> <BlockState block={block} />
          </li>
        ))}
        {decided.map((policy) => (
          <li key={policy.policy}>
            {harmless(policy.name)}:{" "}
            <span className="dim">
              {policy.would_block
                ? t.response.wouldBlock(harmless(policy.address ?? ""), duration((policy.seconds ?? 0) * 1000), policy.is_dry_run ? t.response.dry : t.response.real)
                : harmless(policy.why ?? "")}
            </span>
          </li>
        ))}
        {data.alerts.map((alert) => (
          <li key={alert.rule}>
            {harmless(alert.name)}: <span className="dim">{t.response.tells(String(alert.channels.length))}</span>
          </li>
        ))}
        {data.silences.length > 0 && <li className="dim">{t.response.silenced}</li>}
      </ul>
      <div className="acts">
        {mayBlock && address && (
          <button className="btn small" onClick={() => go(`/response?block=${encodeURIComponent(address)}&signal=${encodeURIComponent(id)}`)}>
            {t.response.add}
          </button>
        )}
        {maySilence && (
          <Link className="btn small" href={`/response?tab=silences&silence=${encodeURIComponent(rule)}`}>
            {t.silence.new}
          </Link>
        )}
      </div>
    </section>
  );
}
