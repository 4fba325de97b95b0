// Rules that no data has reached: they are at work, and cannot find anything.

import { Link } from "wouter";
import type { RuleRow } from "../api/names";
import { grouped } from "../lib/format";
import { rulePath } from "../lib/router";
import { harmless } from "../lib/text";
import { Level } from "../parts/words";
import { t } from "../strings/en";

const SHOWN_MAX = 50;

/** The card; nothing if no rule waits. */
export function Waiting({ rules }: { rules: readonly RuleRow[] }) {
  const inert = rules.filter((rule) => rule.inert && rule.enabled);
  if (inert.length === 0) return null;
  return (
    <section className="card">
      <header>
        <h2>{t.sources.waiting}</h2>
        <span className="dim push">{t.rules.count(grouped(inert.length))}</span>
      </header>
      <table className="table fixed">
        <tbody>
          {inert.slice(0, SHOWN_MAX).map((rule) => (
            <tr key={rule.uid}>
              <td className="one">
                <Link className="link" href={rulePath(rule.uid)}>
                  {harmless(rule.title)}
                </Link>
              </td>
              <td className="level-col">
                <Level of={rule.level} plain />
              </td>
              <td className="one mono dim">{harmless(rule.logsource)}</td>
              <td className="one dim">{harmless(rule.inert ?? "")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
