// Text of rules, with its lines lit or marked.

import { useEffect, useRef } from "react";
import { harmless } from "../lib/text";
import { tokens } from "../lib/yaml";

interface Props {
  text: string;
  /** Lines, from 0, that matched. */
  lit?: ReadonlySet<number>;
  /** Lines, from 0, that something is wrong with. */
  wrong?: ReadonlySet<number>;
  /** Whether lines that are not lit step back. */
  dimmed?: boolean;
  numbers?: boolean;
  label: string;
}

/** YAML, coloured. */
export function Yaml({ text, lit, wrong, dimmed = false, numbers = false, label }: Props) {
  const box = useRef<HTMLPreElement>(null);
  const lines = text.replace(/\n$/, "").split("\n");
  const first = lit && lit.size > 0 ? Math.min(...lit) : wrong && wrong.size > 0 ? Math.min(...wrong) : undefined;
  useEffect(() => {
    const pre = box.current;
    const line = first === undefined ? undefined : pre?.children[first];
    if (pre && line instanceof HTMLElement) pre.scrollTop = Math.max(0, line.offsetTop - pre.offsetTop - 60);
  }, [text, first]);
  return (
    <pre className="code" ref={box} tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, at) => {
        const isLit = lit?.has(at) ?? false;
        const kind = wrong?.has(at) ? " err" : isLit ? " hit" : dimmed && lit && lit.size > 0 ? " off" : "";
        return (
          <span key={at} className={`ln${kind}`}>
            {numbers && <span className="n">{at + 1}</span>}
            {tokens(line).map((token, part) => (
              <span key={part} className={token.kind === "key" ? "k" : token.kind === "comment" ? "c" : undefined}>
                {harmless(token.text)}
              </span>
            ))}
            {line === "" && " "}
          </span>
        );
      })}
    </pre>
  );
}

/** Any other text, line by line. */
export function Plain({ text, label }: { text: string; label: string }) {
  return (
    <pre className="code" tabIndex={0} role="region" aria-label={label}>
      {text.split("\n").map((line, at) => (
        <span key={at} className="ln">
          {harmless(line) || " "}
        </span>
      ))}
    </pre>
  );
}
