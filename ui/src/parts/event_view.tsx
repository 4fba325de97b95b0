// One event: its fields, those that matched first and lit, or the whole as JSON.

import { useMemo, useState } from "react";
import { t } from "../strings/en";
import { type FieldLine, flatten, isAbout, litRanges, type Match } from "../lib/event";
import { ValueMenu, type ValueUse } from "./value_menu";
import { Plain } from "./code";
import { Text } from "./words";
import { harmless } from "../lib/text";

const LONG = 600;
const SHOWN = 24;

interface Props {
  event: unknown;
  matches: readonly Match[];
  use: ValueUse;
}

/** The event. */
export function EventView({ event, matches, use }: Props) {
  const [isJson, setJson] = useState(false);
  const [isAll, setAll] = useState(false);
  const lines = useMemo(() => sorted(flatten(event), matches), [event, matches]);
  const shown = isAll ? lines : lines.slice(0, SHOWN);
  return (
    <div className="stack">
      <div className="seg fit">
        <button aria-pressed={!isJson} onClick={() => setJson(false)}>
          {t.signal.fields}
        </button>
        <button aria-pressed={isJson} onClick={() => setJson(true)}>
          {t.signal.json}
        </button>
      </div>
      {isJson ? (
        <Plain text={JSON.stringify(event, undefined, 2)} label={t.signal.json} />
      ) : (
        <dl className="kv">
          {shown.map((line) => (
            <Line key={line.path} line={line} matches={matches} use={use} />
          ))}
        </dl>
      )}
      {!isJson && lines.length > shown.length && (
        <button className="btn small fit" onClick={() => setAll(true)}>
          {t.signal.allFields(String(lines.length))}
        </button>
      )}
    </div>
  );
}

function Line({ line, matches, use }: { line: FieldLine; matches: readonly Match[]; use: ValueUse }) {
  const [isLong, setLong] = useState(line.text.length <= LONG);
  const text = isLong ? line.text : line.text.slice(0, LONG);
  const lit = litRanges(line, matches);
  return (
    <>
      <dt>{harmless(line.path)}</dt>
      <dd>
        <ValueMenu field={line.path} value={line.text} use={use}>
          <Text text={text} lit={lit} />
        </ValueMenu>
        {!isLong && (
          <button className="btn ghost small" onClick={() => setLong(true)}>
            {t.signal.whole(String(line.text.length))}
          </button>
        )}
      </dd>
    </>
  );
}

// What matched stands first, so that nothing must be searched for; the rest keeps the event's order.
function sorted(lines: readonly FieldLine[], matches: readonly Match[]): FieldLine[] {
  const isLit = (line: FieldLine): boolean => matches.some((match) => isAbout(match, line));
  return [...lines.filter(isLit), ...lines.filter((line) => !isLit(line))];
}
