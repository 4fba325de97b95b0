// What a detection rests on, as a tree: each level is a rule, the leaves are events.

import { useState } from "react";
import { t } from "../strings/en";
import { clock, full } from "../lib/time";
import { harmless, type Range } from "../lib/text";
import { Text } from "./words";

/** A node of the tree. */
export interface Evidence {
  readonly key: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly tint: string | undefined;
  readonly at: number | undefined;
  readonly lit: readonly Range[];
  readonly isEvent: boolean;
  readonly below: readonly Evidence[];
  /** How many there are below that are not listed. */
  readonly unlisted: number;
  readonly open?: (() => void) | undefined;
}

/** Of more than so many that stand together, as many are shown at first. */
const FEW = 6;

function Node({ node, isTop }: { node: Evidence; isTop: boolean }) {
  const [isWhole, setWhole] = useState(node.below.length <= FEW + 2 || node.below.some(({ isEvent }) => !isEvent));
  const shown = isWhole ? node.below : node.below.slice(0, FEW);
  const title = node.isEvent ? (
    <span className="mono wrap">
      <Text text={node.title} lit={node.lit} />
    </span>
  ) : isTop ? (
    <b>{harmless(node.title)}</b>
  ) : (
    <span>{harmless(node.title)}</span>
  );
  return (
    <li className={node.below.length === 0 ? "leaf" : undefined}>
      <div className={`node ${node.tint ?? ""}`}>
        <span className={node.isEvent ? "dot event" : "dot"} />
        <span>
          {node.open ? (
            <button className="value" onClick={node.open}>
              {title}
            </button>
          ) : (
            title
          )}{" "}
          {node.detail && <small className="faint wrap">{harmless(node.detail)}</small>}
        </span>
        <time className="mono dim" title={full(node.at)}>
          {clock(node.at)}
        </time>
      </div>
      {(node.below.length > 0 || node.unlisted > 0) && (
        <ul>
          {shown.map((below) => (
            <Node key={below.key} node={below} isTop={false} />
          ))}
          {!isWhole && (
            <li className="leaf">
              <div className="node">
                <span />
                <button className="value link" onClick={() => setWhole(true)}>
                  {t.signal.showMore(String(node.below.length - FEW))}
                </button>
              </div>
            </li>
          )}
          {node.unlisted > 0 && (
            <li className="leaf">
              <div className="node">
                <span />
                <small className="faint">{t.signal.unlisted(String(node.unlisted))}</small>
              </div>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

/** The tree. */
export function EvidenceTree({ root }: { root: Evidence }) {
  return (
    <ul className="tree">
      <Node node={root} isTop />
    </ul>
  );
}
