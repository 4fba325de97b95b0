// Blocks: who, why, for how long still, whether it is real, and the way back.

import { useState } from "react";
import { Link } from "wouter";
import { call, get } from "../../api/client";
import { type Block, KEY, useBlocks, useSafety } from "../../api/respond";
import { useNameOf } from "../../api/names";
import { useMay } from "../../api/session";
import { useNow } from "../../lib/hooks";
import { rulePath, signalPath, useParams } from "../../lib/router";
import { harmless } from "../../lib/text";
import { duration, full, instant, stamp } from "../../lib/time";
import { Field, FormDialog, numberOf, textOf, useAct } from "../../parts/form";
import { Menu } from "../../parts/menu";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";
import { ModeCard } from "./mode";

const HOUR = 3_600_000;
const SHOWS = ["active", "all"] as const;

/** The part. */
export function Blocks() {
  const [params, setParams] = useParams();
  const show = params.get("show") === "all" ? "all" : "active";
  const asked = useBlocks(show === "all" ? undefined : "active");
  const safety = useSafety();
  const may = useMay("respond");
  const [isAdding, setAdding] = useState(params.has("block"));
  const isOff = safety.data?.mode === "off";
  return (
    <>
      {safety.data && <ModeCard safety={safety.data} />}
      <section className="card">
        <header>
          <h2>{t.response.blocks}</h2>
          <div className="seg" role="group" aria-label={t.response.filter}>
            {SHOWS.map((one) => (
              <button key={one} aria-pressed={one === show} onClick={() => setParams({ show: one === "active" ? undefined : one })}>
                {t.response[one]}
              </button>
            ))}
          </div>
          {may && !isOff && (
            <button className="btn small push" onClick={() => setAdding(true)}>
              {t.response.add}
            </button>
          )}
        </header>
        <Ready of={asked} rows={4}>
          {(blocks) =>
            blocks.length === 0 ? (
              <Empty title={t.response.none} icon="response">
                <p>{isOff ? t.response.noneText : t.response.noneActive}</p>
              </Empty>
            ) : (
              <List blocks={blocks} />
            )
          }
        </Ready>
      </section>
      {isAdding && (
        <NewBlock
          address={params.get("block") ?? ""}
          signal={params.get("signal") ?? undefined}
          isReal={safety.data?.mode === "real"}
          close={() => {
            setAdding(false);
            setParams({ block: undefined, signal: undefined });
          }}
        />
      )}
    </>
  );
}

const BAD = ["failed", "refused"];

/** Whether a block is real, and where it is in its life. */
export function BlockState({ block }: { block: Block }) {
  return (
    <span className="row">
      {block.is_dry_run ? <span className="pill dry">{t.response.dry}</span> : <span className="pill acc">{t.response.real}</span>}
      {block.state !== "active" && <span className={BAD.includes(block.state) ? "pill warn" : "pill"}>{t.response.states[block.state as keyof typeof t.response.states] ?? harmless(block.state)}</span>}
    </span>
  );
}

function List({ blocks }: { blocks: readonly Block[] }) {
  const now = useNow(1000);
  const nameOf = useNameOf();
  const may = useMay("respond");
  const columns: Column<Block>[] = [
    { head: t.response.address, kind: "mono", cell: ({ address }) => <b>{harmless(address)}</b> },
    { head: t.response.state, cell: (block) => <BlockState block={block} /> },
    {
      head: t.response.until,
      kind: "mono",
      cell: ({ state, until }) => {
        const end = instant(until) ?? 0;
        const isOn = state === "active" && end > now;
        return <span title={full(end)}>{isOn ? t.response.left(duration(end - now)) : <span className="dim">{stamp(end)}</span>}</span>;
      },
    },
    {
      head: t.response.reason,
      kind: "wrap",
      cell: ({ signal, reason }) =>
        signal ? (
          <Link className="link" href={signalPath(signal)}>
            {harmless(reason)}
          </Link>
        ) : (
          harmless(reason)
        ),
    },
    {
      head: t.response.rule,
      cell: ({ rule }) =>
        rule && (
          <Link className="link" href={rulePath(rule)}>
            {harmless(nameOf(rule))}
          </Link>
        ),
    },
    {
      head: t.response.made,
      kind: "dim",
      cell: ({ made, made_by }) => (
        <>
          <span className="mono">{stamp(instant(made))}</span> {harmless(made_by)}
        </>
      ),
    },
    { head: t.response.proof, kind: "dim wrap", cell: ({ proof, is_dry_run }) => harmless(proof ?? (is_dry_run ? t.response.noProof : "—")) },
    { head: "", kind: "num", cell: (block) => may && block.state === "active" && <Acts block={block} now={now} /> },
  ];
  return <Table label={t.response.blocks} rows={blocks} columns={columns} keyOf={({ id }) => id} />;
}

function Acts({ block, now }: { block: Block; now: number }) {
  const act = useAct(KEY);
  const params = { id: block.id };
  const undo = (): void => void act(() => call("post", "/api/v1/blocks/{id}/undo", undefined, { params }), t.response.unblocked(harmless(block.address)));
  const until = (hours: number): void =>
    void act(
      () => call("post", "/api/v1/blocks/{id}/until", { until: new Date(now + hours * HOUR).toISOString() }, { params }),
      t.response.extended(harmless(block.address), duration(hours * HOUR)),
    );
  return (
    <span className="row tight end">
      <Menu
        title={block.address}
        items={[1, 24, 7 * 24].map((hours) => ({ label: t.response.untilIn(duration(hours * HOUR)), run: () => until(hours) }))}
        button={(open, isOpen) => (
          <button className="btn small" aria-haspopup="menu" aria-expanded={isOpen} onClick={(event) => open(event.currentTarget)}>
            {t.response.extend} ▾
          </button>
        )}
      />
      <button className="btn small danger" onClick={undo}>
        {t.response.undo}
      </button>
    </span>
  );
}

function NewBlock({ address, signal, isReal, close }: { address: string; signal: string | undefined; isReal: boolean; close: () => void }) {
  const act = useAct(KEY);
  const [said, setSaid] = useState<string>();
  const check = (text: string): void => {
    if (!text.trim()) return setSaid(undefined);
    get("/api/v1/blocks/check", { query: { address: text.trim() } }).then(
      (found) => setSaid(found.is_blocked ? t.response.isBlocked : found.may_block ? t.response.mayBlock : (found.why ?? "")),
      (error: unknown) => setSaid(error instanceof Error ? error.message : String(error)),
    );
  };
  const send = async (form: FormData): Promise<void> => {
    const wanted = {
      address: textOf(form, "address") ?? "",
      seconds: (numberOf(form, "minutes") ?? 15) * 60,
      reason: textOf(form, "reason") ?? "",
      signal: signal ?? null,
      is_dry_run: form.get("real") !== "yes",
      may_block_private: form.get("private") === "yes",
    };
    await call("post", "/api/v1/blocks", wanted);
    await act(() => Promise.resolve(), t.response.added(harmless(wanted.address)));
  };
  return (
    <FormDialog title={t.response.add} close={close} send={send} go={t.response.addGo}>
      <Field label={t.response.address}>
        <input className="input mono" name="address" required defaultValue={address} spellCheck={false} onBlur={(event) => check(event.target.value)} />
      </Field>
      {said && <p className="dim wrap">{harmless(said)}</p>}
      <div className="halves">
        <Field label={t.response.minutes}>
          <input className="input" name="minutes" type="number" min={1} max={527_040} defaultValue={15} required />
        </Field>
      </div>
      <Field label={t.response.reason}>
        <input className="input" name="reason" required maxLength={500} />
      </Field>
      <label className="row">
        <input type="checkbox" name="real" value="yes" disabled={!isReal} /> {isReal ? t.response.forReal : t.response.onlyDry}
      </label>
      <label className="row">
        <input type="checkbox" name="private" value="yes" /> {t.response.ownNetwork}
      </label>
    </FormDialog>
  );
}
