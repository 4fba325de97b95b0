// How the server runs.

import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import { bytes } from "../../lib/format";
import { harmless } from "../../lib/text";
import { ago, instant, stamp } from "../../lib/time";
import { Ready } from "../../parts/states";
import { t } from "../../strings/en";

/** The part. */
export function Server() {
  const asked = useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => get("/api/v1/settings", { signal }) });
  const words = t.settings.facts;
  return (
    <section className="card">
      <header>
        <h2>{t.settings.server}</h2>
      </header>
      <Ready of={asked} rows={5}>
        {(data) => (
          <dl className="facts pad">
            {[
              [words.version, data.version],
              [words.started, `${stamp(instant(data.started))} (${ago(instant(data.started))})`],
              [words.data, data.data],
              [words.rules, data.rules.join("\n")],
              [words.log, bytes(data.log_bytes)],
              [words.damage, data.log_damage.length > 0 ? data.log_damage.join("\n") : t.none],
              [words.secure, data.is_secure ? words.yes : words.no],
            ].map(([name = "", value = ""]) => (
              <div key={name}>
                <dt className="dim">{name}</dt>
                <dd className="mono wrap lines">{harmless(value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </Ready>
    </section>
  );
}
