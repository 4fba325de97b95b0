//! The lake as those see it who write and read it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::LocalDisk;
use crate::catalog::{Catalog, Split, SplitQuery};
use crate::testing::{Random, SimDisk};

const HOUR: i64 = 3_600_000_000_000;

struct Home {
    lake: Lake,
    catalog: Catalog,
    disk: SimDisk,
    _folder: tempfile::TempDir,
}

fn small() -> Settings {
    Settings { group_rows_max: 40, compact_rows_min: 200, compact_rows_max: 500, ..Settings::standard() }
}

fn home(settings: Settings) -> Home {
    let (folder, disk) = (tempfile::tempdir().unwrap(), SimDisk::default());
    let lake = Lake::open(Arc::new(disk.clone()), Path::new("lake"), settings, Id::from(9)).unwrap();
    Home { lake, catalog: Catalog::open(&folder.path().join("c.db")).unwrap(), disk, _folder: folder }
}

fn event<'e>(number: usize, json: &'e str) -> NewEvent<'e> {
    NewEvent {
        id: Id::from(number as u128),
        class: "windows.process_creation",
        time: number as i64 * 1_000,
        ingest: number as i64 + 7,
        source: "host",
        sequence: number as u64,
        json,
        raw: None,
    }
}

fn events(texts: &[String]) -> Vec<NewEvent<'_>> {
    texts.iter().enumerate().map(|(number, json)| event(number, json)).collect()
}

impl Home {
    fn store(&self, events: &[NewEvent<'_>]) -> Vec<Split> {
        let splits = self.lake.write(events, 1).unwrap();
        self.catalog.write(|tx| tx.change_splits(&splits, &[])).unwrap();
        splits
    }

    fn splits(&self) -> Vec<Split> {
        self.catalog.read(|view| view.splits(&SplitQuery::default())).unwrap()
    }

    /// All events by id.
    fn all(&self) -> HashMap<Id, StoredEvent> {
        let mut found = HashMap::new();
        for split in self.splits() {
            let reader = self.lake.open_split(&split).unwrap();
            let rows: Vec<u64> = (0..split.rows).collect();
            for event in reader.events(&rows).unwrap() {
                assert!(found.insert(event.id, event).is_none(), "an event twice");
            }
        }
        found
    }
}

/// Events as they come: a few fields that repeat, one that does not, one that is rare.
fn typical(count: usize) -> Vec<String> {
    let mut random = Random(3);
    (0..count)
        .map(|number| {
            let rare = if number % 150 == 7 { r#","Rare":"here""# } else { "" };
            let image = random.below(5);
            format!(
                r#"{{"EventID":{},"Image":"C:\\Windows\\tool{image}.exe","Guid":"{:x}","process":{{"pid":{number},"name":"n{image}"}},"Ok":true{rare}}}"#,
                1 + image % 2,
                random.next(),
            )
        })
        .collect()
}

fn names(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// The values of a field, row by row, as JSON; none if the row has none.
fn values(batch: &Batch, field: &str) -> Vec<Vec<Value>> {
    let mut rows = vec![Vec::new(); batch.rows()];
    for column in batch.columns_of(field) {
        for (row, values) in rows.iter_mut().enumerate() {
            let Some(text) = column.value(row) else { continue };
            match column.kind {
                ColumnKind::Text => values.push(Value::String(text.to_owned())),
                ColumnKind::Json => flatten(serde_json::from_str(text).unwrap(), values),
            }
        }
    }
    rows
}

/// Lists stand for their elements.
fn flatten(value: Value, values: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.into_iter().for_each(|value| flatten(value, values)),
        value => values.push(value),
    }
}

#[test]
fn events_come_back_as_they_were() {
    let home = home(small());
    let texts: Vec<String> = [
        r#"{"a":1,"b":"x","c":null,"d":true,"e":[1,"2",{"f":[]}],"g":{},"h":[]}"#,
        r#"{"b":"x","a":"1"}"#,
        r#"{"a":1.0,"b":-0,"c":1e400,"d":123456789012345678901234567890,"e":0.10}"#,
        r#"{"a":{"b":{"c":"deep"}},"a.b.c":"flat","a.b":{"c":"between"}}"#,
        r#"{"a":1,"a":"twice","a":[3]}"#,
        r#"{"_time":"mine","_rest":{"_id":1},"x:json":2,"":"empty","\\":"back","a\"b":"quote","\u0000":"\u0000"}"#,
        r#"{"s":"\ud800 lone","t":"\u00e9\n\t\/ 😀"}"#,
        r#"{"\ud800":"no text here, so it stays whole","t":"\/"}"#,
        r#"{"v":""}"#,
        r#"{}"#,
        r#"[1,2]"#,
        r#""text""#,
        r#"null"#,
    ]
    .map(str::to_owned)
    .into();
    let mut new = events(&texts);
    new[3].raw = Some("the <original> text\u{0}");
    home.store(&new);
    let all = home.all();
    assert_eq!(all.len(), texts.len());
    for event in &new {
        let found = &all[&event.id];
        // Byte for byte but for escapes, which these have as we write them.
        let wanted = event.json.replace("\\u00e9", "é").replace("\\/ ", "/ ");
        assert_eq!(found.json, wanted);
        assert_eq!((found.time, found.ingest, found.sequence), (event.time, event.ingest, event.sequence));
        assert_eq!((found.source.as_str(), found.raw.as_deref()), (event.source, event.raw));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ];
    let text = prop_oneof![Just("x".to_owned()), "[a-c]{0,2}", "\\PC{0,8}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof!["[ab_.:\\\\e]{0,3}", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_events_come_back(values in prop::collection::vec(any_json(), 1..12), columns_max in 0_usize..6) {
        let home = home(Settings { columns_max, ..small() });
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        home.store(&events(&texts));
        let all = home.all();
        prop_assert_eq!(all.len(), values.len());
        for (number, text) in texts.iter().enumerate() {
            prop_assert_eq!(&all[&Id::from(number as u128)].json, text);
        }
    }

    /// What the columns of a batch say is what the events say, whichever fields have columns.
    #[test]
    fn columns_say_what_events_say(
        rows in prop::collection::vec(prop::collection::vec(("[a-d]", 0_u8..6), 0..5), 1..60),
        columns_max in 0_usize..5,
    ) {
        let value = |kind: &u8| match kind {
            0 => "null".to_owned(),
            1 => "7".to_owned(),
            2 => r#""x""#.to_owned(),
            3 => r#""y\n""#.to_owned(),
            4 => r#"["x",true]"#.to_owned(),
            _ => r#"{"k":"x"}"#.to_owned(),
        };
        let texts: Vec<String> = rows
            .iter()
            .map(|row| {
                let members: Vec<String> = row.iter().map(|(key, kind)| format!("\"{key}\":{}", value(kind))).collect();
                format!("{{{}}}", members.join(","))
            })
            .collect();
        let home = home(Settings { columns_max, ..small() });
        let splits = home.store(&events(&texts));
        let reader = home.lake.open_split(&splits[0]).unwrap();
        for (field, is_nested) in [("a", false), ("b", false), ("c.k", true), ("d", false)] {
            let fields = [field.to_owned()];
            let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 7 };
            let mut found = Vec::new();
            for batch in reader.batches(&request) {
                let batch = batch.unwrap();
                prop_assert_eq!(batch.first_row, found.len() as u64);
                found.extend(values(&batch, field));
            }
            let key = &field[..1];
            for (row, found) in rows.iter().zip(&mut found) {
                let mut wanted: Vec<Value> = Vec::new();
                for (_, kind) in row.iter().filter(|(name, kind)| name == key && (*kind == 5) == is_nested) {
                    match serde_json::from_str(&value(kind)).unwrap() {
                        Value::Array(list) => wanted.extend(list),
                        Value::Object(members) => wanted.extend(members.into_iter().map(|(_, value)| value)),
                        other => wanted.push(other),
                    }
                }
                let sorted = |values: &mut Vec<Value>| values.sort_by_key(Value::to_string);
                sorted(found);
                sorted(&mut wanted);
                prop_assert_eq!(&*found, &wanted);
            }
        }
    }
}

#[test]
fn a_value_is_there_once_per_row_group() {
    let home = home(Settings { wanted: HashSet::from(["Rare".to_owned()]), ..small() });
    let texts = typical(200);
    let split = home.store(&events(&texts)).remove(0);
    assert!(split.columns.contains(&"process.name".to_owned()), "{:?}", split.columns);
    assert!(split.columns.contains(&"EventID:json".to_owned()));
    let reader = home.lake.open_split(&split).unwrap();
    let fields = names(&["Image", "process.name", "EventID", "Missing", "Rare"]);
    let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 15 };
    let batches: Vec<Batch> = reader.batches(&request).map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(Batch::rows).sum::<usize>(), 200);
    for pair in batches.windows(2) {
        let image = |batch: &Batch| batch.columns_of("Image").next().unwrap().values.clone();
        let is_same_group = pair[0].first_row / 40 == pair[1].first_row / 40;
        assert_eq!(image(&pair[0]).is_same(&image(&pair[1])), is_same_group);
        assert_eq!(image(&pair[0]).len(), 5);
    }
    let rare: usize = batches.iter().map(|batch| values(batch, "Rare").iter().flatten().count()).sum();
    assert_eq!(rare, 2);
    assert!(!reader.may_have("Missing") && reader.may_have("Rare") && reader.may_have("process.pid"));
}

#[test]
fn only_the_time_asked_for_is_read() {
    let home = home(small());
    let texts = typical(200);
    let split = home.store(&events(&texts)).remove(0);
    assert_eq!((split.first_ts, split.last_ts, split.rows), (0, 199_000, 200));
    let reader = home.lake.open_split(&split).unwrap();
    let fields = names(&["process.pid"]);
    for (since, until) in
        [(None, None), (Some(0), Some(0)), (Some(39_001), Some(81_000)), (Some(198_000), None)]
    {
        let request = ReadRequest { fields: &fields, since, until, rows_max: 33 };
        let mut rows = Vec::new();
        for batch in reader.batches(&request) {
            let batch = batch.unwrap();
            for (at, value) in values(&batch, "process.pid").into_iter().enumerate() {
                let row = batch.first_row + at as u64;
                assert_eq!(value, [json!(row)]);
                assert_eq!(batch.times[at], row as i64 * 1_000);
                rows.push(row);
            }
        }
        let (since, until) = (since.unwrap_or(0), until.unwrap_or(i64::MAX));
        let wanted: Vec<u64> =
            (0..200).filter(|row| (since..until).contains(&(*row as i64 * 1_000))).collect();
        assert_eq!(rows, wanted);
    }
    let found = reader.events(&[7, 150, 7, 999]).unwrap();
    assert_eq!(found.iter().map(|event| event.json.as_str()).collect::<Vec<_>>(), [&texts[7], &texts[150]]);
    assert_eq!(reader.event(3).unwrap().json, texts[3]);
    assert!(reader.event(200).unwrap_err().is_missing());
}

#[test]
fn events_are_parted_by_class_and_hour_and_stored_once() {
    let home = home(small());
    let text = r#"{"a":1}"#;
    let at = |number, class, time| NewEvent { class, time, ..event(number, text) };
    let new = [
        at(1, "a", 2 * HOUR),
        at(2, "a", 2 * HOUR - 1),
        at(3, "b", 2 * HOUR),
        at(4, "b", -1),
        at(1, "a", 2 * HOUR),
        at(5, "b", i64::MAX),
        at(6, "b", i64::MIN),
    ];
    let splits = home.store(&new);
    let found: Vec<(&str, i64, u64)> =
        splits.iter().map(|split| (split.class.as_str(), split.hour, split.rows)).collect();
    let (first, last) = (i64::MIN.div_euclid(HOUR), i64::MAX.div_euclid(HOUR));
    assert_eq!(found, [("a", 1, 1), ("a", 2, 1), ("b", first, 1), ("b", -1, 1), ("b", 2, 1), ("b", last, 1)]);
    assert!(splits[1].path.starts_with("a/dt=1970-01-01/h=02/"), "{}", splits[1].path);
    assert_eq!(home.all().len(), 6);
    for class in ["", "..", "a/b", ".hidden", "a b", &"x".repeat(101)] {
        assert!(home.lake.write(&[at(1, class, 0)], 0).unwrap_err().is_invalid(), "{class}");
    }
    assert!(home.lake.write(&[NewEvent { json: "{", ..event(1, "") }], 0).unwrap_err().is_invalid());
    assert_eq!(home.lake.write(&[], 0).unwrap(), []);
}

#[test]
fn what_nobody_knows_is_swept_and_a_full_disk_leaves_nothing_known() {
    let home = home(small());
    let texts = typical(100);
    let new = events(&texts);
    let kept = home.store(&new[..50]);
    let whole: usize = home.disk.contents().iter().map(|(_, bytes)| bytes.len()).sum();
    for room in (0..whole * 2).step_by(whole / 10) {
        home.disk.set_room(Some(room));
        match home.lake.write(&new[50..], 1) {
            Ok(_) => break,
            Err(error) => assert!(error.is_full(), "{error:?}"),
        }
    }
    home.disk.set_room(None);
    home.lake.write(&new[50..], 1).unwrap();
    let swept = home.lake.sweep(&home.catalog).unwrap();
    assert!(!swept.removed.is_empty() && swept.missing.is_empty());
    assert_eq!(home.disk.contents().len(), 1);
    assert_eq!(home.all().len(), 50);
    home.disk.clone().remove(&Path::new("lake").join(&kept[0].path)).unwrap();
    assert_eq!(home.lake.sweep(&home.catalog).unwrap().missing, [kept[0].path.clone()]);
    assert!(home.lake.open_split(&kept[0]).err().unwrap().is_missing());
}

#[test]
fn what_the_catalog_knows_survives_a_loss_of_power() {
    for seed in 0..40 {
        let home = home(small());
        let mut random = Random(seed);
        let texts = typical(60);
        let new = events(&texts);
        home.store(&new[..20]);
        home.disk.set_syncs(Some(random.below(12)));
        let known = match home.lake.write(&new[20..], 1) {
            Ok(splits) => {
                home.catalog.write(|tx| tx.change_splits(&splits, &[])).unwrap();
                60
            }
            Err(_) => 20,
        };
        let disk = home.disk.after_crash(&mut random);
        let lake = Lake::open(Arc::new(disk.clone()), Path::new("lake"), small(), Id::from(10)).unwrap();
        let home = Home { lake, disk, ..home };
        assert_eq!(home.lake.sweep(&home.catalog).unwrap().missing, [""; 0], "seed {seed}");
        assert_eq!(home.all().len(), known, "seed {seed}");
    }
}

#[test]
fn small_files_are_put_together_without_loss_or_copies() {
    let home = home(small());
    let texts = typical(300);
    let new = events(&texts);
    // Overlapping in time, and each tenth event twice.
    for part in 0..6 {
        let picked: Vec<NewEvent<'_>> =
            new.iter().enumerate().filter(|(at, _)| at % 6 == part).map(|(_, e)| *e).collect();
        home.store(&picked);
    }
    let twice: Vec<NewEvent<'_>> =
        new.iter().step_by(10).map(|event| NewEvent { ingest: event.ingest + 1_000, ..*event }).collect();
    home.store(&twice);
    let compacted = home.lake.compact(&home.catalog, 5).unwrap();
    assert_eq!((compacted.removed, compacted.added), (7, 1));
    let splits = home.splits();
    assert_eq!((splits.len(), splits[0].rows, splits[0].is_compacted), (1, 300, true));
    let all = home.all();
    for event in &new {
        let found = &all[&event.id];
        assert_eq!((found.json.as_str(), found.ingest), (event.json, event.ingest));
    }
    assert_eq!(home.disk.contents().len(), 1);
    assert_eq!(home.lake.compact(&home.catalog, 6).unwrap(), Compacted::default());
    let reader = home.lake.open_split(&splits[0]).unwrap();
    let times: Vec<i64> = reader
        .batches(&ReadRequest { fields: &[], since: None, until: None, rows_max: 64 })
        .flat_map(|batch| batch.unwrap().times)
        .collect();
    assert!(times.is_sorted());
}

#[test]
fn only_files_that_can_be_read_side_by_side_are_put_together() {
    let fill = |settings: Settings| {
        let home = home(settings);
        let texts = typical(100);
        let new = events(&texts);
        let [small, more] = [5, 15].map(|end| new.get(..end).unwrap_or_default());
        // Four files, the last of them a large one.
        home.store(small.get(..2).unwrap());
        home.store(small.get(2..).unwrap());
        home.store(more.get(5..).unwrap());
        home.store(&new[15..]);
        let one = home.splits().into_iter().find(|split| split.rows == 10).unwrap();
        let bytes = home.lake.open_split(&one).unwrap().reading_bytes();
        (home, bytes)
    };
    let (_, bytes) = fill(small());
    for (compact_bytes_max, rows) in
        [(0, vec![2, 3, 10, 85]), (3 * bytes, vec![15, 85]), (u64::MAX, vec![100])]
    {
        let (home, _) = fill(Settings { compact_bytes_max, ..small() });
        home.lake.compact(&home.catalog, 5).unwrap();
        let mut found: Vec<u64> = home.splits().iter().map(|split| split.rows).collect();
        found.sort_unstable();
        assert_eq!((found, home.all().len()), (rows, 100), "{compact_bytes_max}");
    }
    // A row group ends where it would take too much.
    let (home, _) = fill(Settings { group_bytes_max: 1, group_rows_max: 1_000, ..small() });
    assert_eq!(home.all().len(), 100);
}

#[test]
fn old_files_go_by_age_and_by_size() {
    let home = home(small());
    let text = r#"{"a":1}"#;
    let at = |number: usize| NewEvent { time: number as i64 * HOUR, ..event(number, text) };
    home.store(&(0..10).map(at).collect::<Vec<_>>());
    let gone =
        home.lake.expire(&home.catalog, &Retention { since: Some(3 * HOUR), bytes_max: None }).unwrap();
    assert_eq!(gone.len(), 3);
    let bytes: u64 = home.splits().iter().map(|split| split.bytes).sum();
    let bytes_max = Some(bytes - 1);
    let gone = home.lake.expire(&home.catalog, &Retention { since: None, bytes_max }).unwrap();
    assert_eq!(gone.iter().map(|split| split.hour).collect::<Vec<_>>(), [3]);
    assert_eq!(home.disk.contents().len(), 6);
    assert_eq!(home.lake.expire(&home.catalog, &Retention::default()).unwrap(), []);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_found() {
    let home = home(small());
    let texts = typical(60);
    let split = home.store(&events(&texts)).remove(0);
    let path = Path::new("lake").join(&split.path);
    let bytes = home.disk.contents().remove(0).1;
    let check = |damaged: Vec<u8>, what: &str| {
        let disk = home.disk.with(&path, damaged);
        let lake = Lake::open(Arc::new(disk), Path::new("lake"), small(), Id::from(1)).unwrap();
        let fields = names(&["Image"]);
        let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 100 };
        let result = lake.open_split(&split).and_then(|reader| {
            reader.verify()?;
            reader.batches(&request).collect::<Result<Vec<_>>>()
        });
        assert!(result.unwrap_err().is_damaged(), "{what}");
        // Without the check of the whole file, what is read is right or an error.
        if let Ok(reader) = lake.open_split(&split) {
            match reader.event(5) {
                Ok(event) => assert_eq!(event.json, texts[5], "{what}"),
                Err(error) => assert!(error.is_damaged(), "{what}: {error:?}"),
            }
        }
    };
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        check(damaged, &format!("bit at {at}"));
    }
    for length in (0..bytes.len()).step_by(97) {
        check(bytes[..length].to_vec(), &format!("cut at {length}"));
    }
    check([&bytes[..], b"x"].concat(), "longer");
}

#[test]
fn damage_in_one_block_leaves_columns_in_others_readable() {
    let home = home(Settings { group_rows_max: 10_000, ..small() });
    let mut random = Random(1);
    let texts: Vec<String> = (0..10_000)
        .map(|number| {
            let noise: String = (0..12).map(|_| format!("{:016x}", random.next())).collect();
            format!(r#"{{"A":"a{}","Noise":"{noise}","Z":"z"}}"#, number % 3)
        })
        .collect();
    let split = home.store(&events(&texts)).remove(0);
    assert!(split.checksums.len() > 3, "{}", split.bytes);
    let path = Path::new("lake").join(&split.path);
    let mut bytes = home.disk.contents().remove(0).1;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let lake =
        Lake::open(Arc::new(home.disk.with(&path, bytes)), Path::new("lake"), small(), Id::from(1)).unwrap();
    let reader = lake.open_split(&split).unwrap();
    let read = |field: &str| {
        let fields = names(&[field]);
        let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 4_096 };
        reader.batches(&request).collect::<Result<Vec<_>>>()
    };
    assert_eq!(read("Z").unwrap().iter().map(Batch::rows).sum::<usize>(), 10_000);
    assert!(read("Noise").unwrap_err().is_damaged());
    assert!(reader.verify().unwrap_err().is_damaged());
}

#[test]
fn fields_without_number_are_still_found() {
    let home = home(Settings { columns_max: 2, ..small() });
    let texts: Vec<String> =
        (0..1_500).map(|number| format!(r#"{{"a":"x","k{number}":{number},"k{number}":"again"}}"#)).collect();
    let split = home.store(&events(&texts)).remove(0);
    assert_eq!(split.rest, None, "too many to name");
    let reader = home.lake.open_split(&split).unwrap();
    assert!(reader.may_have("anything"));
    let fields = names(&["k7", "nothing"]);
    let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 1_000 };
    let batches: Vec<Batch> = reader.batches(&request).map(Result::unwrap).collect();
    let found: Vec<Value> = batches.iter().flat_map(|batch| values(batch, "k7")).flatten().collect();
    assert_eq!(found, [json!(7), json!("again")]);
    assert!(batches.iter().all(|batch| batch.columns_of("nothing").next().is_none()));
}

#[test]
fn it_works_on_the_disk_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(Arc::new(LocalDisk), &folder.path().join("lake"), small(), Id::from(1)).unwrap();
    let catalog = Catalog::open(&folder.path().join("c.db")).unwrap();
    let texts = typical(100);
    let splits = lake.write(&events(&texts), 1).unwrap();
    catalog.write(|tx| tx.change_splits(&splits, &[]).and_then(|()| tx.advance("lake", 0, 100))).unwrap();
    let reader = lake.open_split(&splits[0]).unwrap();
    reader.verify().unwrap();
    assert_eq!(reader.event(42).unwrap().json, texts[42]);
    assert_eq!(lake.sweep(&catalog).unwrap(), Swept::default());
    let classes: BTreeSet<String> = splits.into_iter().map(|split| split.class).collect();
    assert_eq!(classes.len(), 1);
}
