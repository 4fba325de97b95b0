//! The catalog with a million signals.

use std::path::Path;

use anyhow::Result;
use sigyn_store::Id;
use sigyn_store::catalog::{
    Actor, Catalog, Change, Field, Filter, Level, Named, NewSignal, OverviewRequest, Sort, Status, Term, Tx,
    Verdict,
};

use super::{Random, Took, timed};
use crate::report::{Table, grouped};

pub(crate) const SIGNALS: u64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
/// Thirty days in steps that hold a million signals.
pub(crate) const STEP: i64 = 30 * 86_400 * SECOND / SIGNALS.cast_signed();

pub(super) fn run(folder: &Path) -> Result<Table> {
    let mut table = Table::new(
        format!("Catalog with {} signals", grouped(SIGNALS as f64)),
        &["what", "ms", "processor ms", "result"],
    );
    let catalog = Catalog::open(&folder.join("catalog.db"))?;
    let ((), took) = timed(|| fill(&catalog, 0))?;
    row(
        &mut table,
        "store all, 1,000 a transaction",
        took,
        format!("{}/s", grouped(took.per_second(SIGNALS as f64))),
    );
    let all = Filter { since: Some(0), until: Some(SIGNALS.cast_signed() * STEP + 1), ..Filter::default() };
    let term = |field, value: &str| Term { field, values: vec![value.to_owned()], is_excluded: false };
    let with = |terms: Vec<Term>| Filter { terms, ..all.clone() };
    view(&mut table, &catalog, "first view: all, a page and all counts", &all)?;
    view(&mut table, &catalog, "first view: open ones", &with(vec![term(Field::Status, "open")]))?;
    let day = Filter { since: Some(SIGNALS.cast_signed() * STEP - 86_400 * SECOND), ..all.clone() };
    view(&mut table, &catalog, "view: the last day", &day)?;
    view(&mut table, &catalog, "view: one host", &with(vec![term(Field::Host, "host7")]))?;
    view(
        &mut table,
        &catalog,
        "view: a word in the title",
        &Filter { text: Some("rare".into()), ..all.clone() },
    )?;
    for (name, sort) in Sort::ALL.iter().map(|(sort, name)| (name, *sort)) {
        let (page, took) = timed(|| Ok(catalog.read(|view| view.signals(&all, sort, None, 50))?))?;
        row(&mut table, &format!("page by {name}"), took, page.signals.len().to_string());
    }
    let (top, took) = timed(|| Ok(catalog.read(|view| view.riskiest(&["host"], 0, i64::MAX, 10))?))?;
    row(&mut table, "riskiest hosts, all time", took, top.iter().map(Vec::len).sum::<usize>().to_string());
    bulk(&mut table, &catalog, &with(vec![term(Field::Rule, "rule-3")]))?;
    Ok(table)
}

fn row(table: &mut Table, what: &str, took: Took, result: String) {
    table.row([what.to_owned(), took.milliseconds(), took.processor_milliseconds(), result]);
}

/// Stores a million signals, the first of them at an instant.
pub(crate) fn fill(catalog: &Catalog, start: i64) -> Result<()> {
    let mut random = Random(7);
    for first in (0..SIGNALS).step_by(1_000) {
        let mut put = |tx: &Tx<'_>| {
            (first..first + 1_000)
                .try_for_each(|number| put(tx, number, start + number.cast_signed() * STEP, &mut random))
        };
        catalog.write(&mut put)?;
    }
    Ok(())
}

fn put(tx: &Tx<'_>, number: u64, ts: i64, random: &mut Random) -> sigyn_store::Result<()> {
    let rule = format!("rule-{}", random.skewed(800));
    let host = format!("host{}", random.skewed(5_000));
    let user = format!("user{}", random.skewed(4_000));
    let group = format!("ComputerName={host}, User={user}");
    let title =
        if random.below(1_000) == 0 { "Rare thing" } else { "Suspicious process from an unusual parent" };
    let (level, _) = Level::ALL[usize::try_from(random.below(5)).unwrap_or(0)];
    let id = u128::from(random.next()) << 64 | u128::from(number);
    tx.put_signal(&NewSignal {
        id: Id::from(id.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        rule: &rule,
        title,
        level,
        ts,
        first_seen: ts,
        last_seen: ts,
        group: &group,
        tactic: Some(["execution", "persistence", "impact"][usize::try_from(random.below(3)).unwrap_or(0)]),
        risk: u8::try_from(random.below(100)).unwrap_or(0),
        total: 1,
        revision: 0,
        entities: &[("host", &host), ("user", &user)],
        body: "{\"events\":[\"0123456789abcdef0123456789abcdef\"],\"why\":\"Image ends with \\\\cmd.exe\"}",
    })
    .map(drop)
}

/// What the page of signals asks for when it opens.
fn view(table: &mut Table, catalog: &Catalog, what: &str, filter: &Filter) -> Result<()> {
    let width = (filter.until.unwrap_or(0) - filter.since.unwrap_or(0)) / 60;
    let request = OverviewRequest {
        filter: filter.clone(),
        histogram: Some((width.max(1), Field::Level)),
        facets: vec![Field::Status, Field::Level, Field::Rule, Field::Host, Field::User, Field::Tactic],
        values_max: 10,
    };
    let (total, took) = timed(|| {
        Ok(catalog.read(|view| {
            view.signals(filter, Sort::Newest, None, 50)?;
            view.overview(&request).map(|overview| overview.total)
        })?)
    })?;
    row(table, what, took, grouped(total as f64));
    Ok(())
}

fn bulk(table: &mut Table, catalog: &Catalog, filter: &Filter) -> Result<()> {
    let actor = Actor { name: "bench", at: 1 };
    let close = Change {
        status: Some(Status::Closed),
        verdict: Some(Verdict::BenignTrue),
        reason: Some("known"),
        ..Change::default()
    };
    let page = catalog.read(|view| view.signals(filter, Sort::Newest, None, 10_000))?;
    let ids: Vec<Id> = page.signals.iter().map(|signal| signal.id).collect();
    let (done, took) = timed(|| {
        let selection = catalog.write(|tx| tx.pick_signals(&ids, &actor))?;
        Ok(catalog.write(|tx| tx.change_selection(selection.number, &close, &actor))?)
    })?;
    row(table, "choose and close 10,000", took, grouped(done.changed as f64));
    let (undone, took) = timed(|| Ok(catalog.write(|tx| tx.undo_action(done.action, &actor))?))?;
    row(table, "undo that", took, grouped(undone.restored as f64));
    let (done, took) = timed(|| {
        let selection = catalog.write(|tx| tx.select_signals(filter, SIGNALS, &actor))?;
        Ok(catalog.write(|tx| tx.change_selection(selection.number, &close, &actor))?)
    })?;
    row(table, "close all of a rule by filter", took, grouped(done.changed as f64));
    Ok(())
}
