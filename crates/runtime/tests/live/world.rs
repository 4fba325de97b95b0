//! Rules and events for the properties, the hunt that says what must come out, and ways in which events can arrive.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigyn_diagnostics::SourceFile;
use sigyn_engine::LogSources;
use sigyn_hunt::{Control, Detected, Events, Input, Origin, Report, Settings as HuntSettings};
use sigyn_ir::{Compat, LoadOptions};
use sigyn_readers::{Decoder, Reader, Step};
use sigyn_runtime::live::{Gathered, Intake, Live, MemoryHistory, Settings, Signal, View};
use sigyn_runtime::{Program, hunt};

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// 2026-03-02, two minutes before midnight: cells end in the midst of it.
pub(crate) const START: i64 = 1_772_409_480;

/// Numbers that only a seed decides.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end.max(1) as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn shuffle<T>(&mut self, of: &mut [T]) {
        for at in (1..of.len()).rev() {
            of.swap(at, self.below(at + 1));
        }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn program_of(files: impl IntoIterator<Item = (String, String)>) -> Arc<Program> {
    let files = files.into_iter().map(|(name, text)| SourceFile::new(name, text));
    let (_, loaded) = sigyn_convert::load(files, &LoadOptions::new(Compat::Spec));
    let built = Program::build(loaded.set, &LogSources::built_in().unwrap(), &[]);
    assert!(built.refused.is_empty(), "{:?}", built.refused);
    Arc::new(built.program)
}

/// Rule files of a folder of the repository.
pub(crate) fn folder(name: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(root().join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|it| it == "yml") && !path.to_string_lossy().contains(".test.")
        })
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Rules of every kind of operator and firing mode, chains included.
pub(crate) const RULES: &str = include_str!("rules.yml");

pub(crate) fn all_kinds() -> Arc<Program> {
    program_of([("rules.yml".to_owned(), RULES.to_owned())])
}

/// The pack of the repository that the program for random Windows events has.
pub(crate) fn pack() -> Arc<Program> {
    program_of(folder("rules/windows"))
}

/// A feed: lines, of which the number, from 1, is the offset.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) name: Arc<str>,
    pub(crate) lines: Vec<String>,
}

/// Random events on a few feeds. Within a feed they come up to `disorder` seconds out of order.
pub(crate) fn feeds(random: &mut Random, disorder: usize, line: fn(&mut Random, i64) -> String) -> Vec<Feed> {
    let mut feeds: Vec<(Feed, Vec<(i64, String)>)> = (0..1 + random.below(4))
        .map(|at| (Feed { name: format!("feed-{at}.log").into(), lines: Vec::new() }, Vec::new()))
        .collect();
    let mut time = START;
    for _ in 0..20 + random.below(100) {
        // Bursts, ties and silences.
        time += match random.below(12) {
            0..6 => 0,
            6..10 => i64::try_from(random.below(8)).unwrap(),
            10 => 60,
            _ => i64::try_from(random.below(700)).unwrap(),
        };
        let feed = random.below(feeds.len());
        let shown = time + i64::try_from(random.below(disorder + 1)).unwrap();
        feeds[feed].1.push((shown, line(random, time)));
    }
    for (feed, lines) in &mut feeds {
        lines.sort_by_key(|(shown, _)| *shown);
        feed.lines = lines.drain(..).map(|(_, line)| line).collect();
    }
    feeds.into_iter().map(|(feed, _)| feed).collect()
}

fn time_text(seconds: i64) -> String {
    sigyn_event::Timestamp(seconds * SECOND).to_string()
}

/// An event for [`RULES`].
pub(crate) fn plain_line(random: &mut Random, time: i64) -> String {
    let kind = random.pick(&["fail", "fail", "fail", "good", "admin", "clear", "stop"]);
    let user = random.pick(&["anna", "bert", "carl"]);
    let host = random.pick(&["h1", "h2"]);
    let bytes = random.below(2_000);
    let time = time_text(time);
    match random.below(20) {
        0 => format!(
            r#"{{"@timestamp":"{time}","Channel":"Security","EventID":1,"kind":"{kind}","host":"{host}","bytes":{bytes}}}"#
        ),
        1 => format!(
            r#"{{"@timestamp":"{time}","Channel":"Security","EventID":1,"kind":"{kind}","user":["{user}","dora"],"host":"{host}"}}"#
        ),
        _ => format!(
            r#"{{"@timestamp":"{time}","Channel":"Security","EventID":1,"kind":"{kind}","user":"{user}","host":"{host}","bytes":{bytes}}}"#
        ),
    }
}

/// An event for the pack of Windows rules.
pub(crate) fn windows_line(random: &mut Random, time: i64) -> String {
    let computer = random.pick(&["ws1.corp.example", "srv1.corp.example"]);
    let user = random.pick(&["anna", "bert", "WS1$", "admin"]);
    let address = random.pick(&["198.51.100.7", "203.0.113.9", "-"]);
    let time = time_text(time);
    let security = |id: u32, more: &str| {
        format!(
            r#"{{"@timestamp":"{time}","Channel":"Security","EventID":{id},"Computer":"{computer}","TargetUserName":"{user}","SubjectUserName":"{user}","IpAddress":"{address}"{more}}}"#
        )
    };
    match random.below(10) {
        0..4 => security(4625, r#","LogonType":3"#),
        4 => security(4624, r#","LogonType":3,"TargetLogonId":"0x5"}"#.trim_end_matches('}')),
        5 => security(4672, r#","SubjectUserSid":"S-1-5-21-1","SubjectLogonId":"0x5""#),
        6 => security(1102, ""),
        7 => security(4697, r#","ServiceName":"x","SubjectLogonId":"0x5""#),
        8 => format!(
            r#"{{"@timestamp":"{time}","Channel":"System","Provider_Name":"Service Control Manager","EventID":7045,"Computer":"{computer}","ServiceName":"x","ImagePath":"C:\\x.exe"}}"#
        ),
        _ => {
            let tool =
                random.pick(&["whoami", "ipconfig", "net", "systeminfo", "arp", "hostname", "netstat"]);
            format!(
                r#"{{"@timestamp":"{time}","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"{computer}","User":"{user}","Image":"C:\\Windows\\System32\\{tool}.exe","CommandLine":"{tool}"}}"#
            )
        }
    }
}

/// What came out, by id, in words that can be compared. Single matches have what they rest on for an id.
pub(crate) type Told = BTreeMap<String, String>;

/// What a hunt over the feeds finds.
pub(crate) fn hunted(program: &Program, feeds: &[Feed]) -> Told {
    let settings = HuntSettings { threads: 2, events: Events::LeftOut, from: None, to: None, now: None };
    let inputs = feeds.iter().filter(|feed| !feed.lines.is_empty()).map(|feed| {
        let bytes = feed.lines.join("\n");
        Input {
            path: feed.name.to_string(),
            bytes: 0,
            open: Box::new(move || Ok(Box::new(Cursor::new(bytes)) as _)),
        }
    });
    let mut told = Told::new();
    let found = hunt(
        program,
        inputs.collect(),
        settings,
        &Control::default(),
        &mut || unreachable!("there is room in memory"),
        &mut |report| {
            match report {
                Report::Hit(hit) => {
                    let title = title(program, hit.rule);
                    told.insert(format!("{title} on {}:{}", hit.member.path, hit.record), String::new());
                }
                Report::Unread(_) => panic!("{report:?}"),
                _ => {}
            }
            true
        },
    );
    assert!(found.failure.is_none() && found.untimed == 0);
    told.extend(found.detected.iter().map(|one| (one.id.clone(), of_hunt(program, one))));
    told
}

fn title(program: &Program, rule: usize) -> &str {
    &program.set.items[rule].meta().title
}

fn of_hunt(program: &Program, one: &Detected) -> String {
    let evidence: Vec<String> = one
        .evidence
        .iter()
        .map(|piece| match &piece.of {
            Origin::Record { path, record } => format!("{path}:{record}"),
            Origin::Detection { id, .. } => id.clone(),
        })
        .collect();
    format!(
        "{} at {} {}-{} {:?} {:?} {} {:?} {:?} {} {evidence:?}",
        title(program, one.rule),
        one.time.0,
        one.first.0,
        one.last.0,
        one.group,
        one.value,
        one.total,
        one.outcomes,
        one.is_truncated,
        one.risk,
    )
}

/// What stands in a history, in the words of a hunt.
pub(crate) fn standing(program: &Program, signals: &BTreeMap<sigyn_correlate::Id, Signal>) -> Told {
    let uid = |rule: &str| {
        let plan = program.plan().unwrap();
        let item = plan.rules().iter().find(|item| plan.uid(**item) == Some(rule)).unwrap();
        title(program, item.0 as usize).to_owned()
    };
    let shown = signals.values().filter(|signal| signal.is_shown);
    shown.map(|signal| of_signal(&uid(&signal.rule), signal)).collect()
}

pub(crate) fn of_signal(title: &str, signal: &Signal) -> (String, String) {
    let evidence: Vec<String> = signal
        .evidence
        .iter()
        .map(|one| match one.is_signal {
            true => one.eid.to_string(),
            false => format!("{}:{}", one.source, one.seq),
        })
        .collect();
    if signal.value.is_none() && signal.stratum == 1 {
        return (format!("{title} on {}", evidence[0]), String::new());
    }
    let texts = |value: &sigyn_correlate::OutcomeValue| match value {
        sigyn_correlate::OutcomeValue::None => Vec::new(),
        sigyn_correlate::OutcomeValue::Number(number) => vec![number.to_string()],
        sigyn_correlate::OutcomeValue::Text(text) => vec![text.clone()],
        sigyn_correlate::OutcomeValue::Texts(texts) => texts.clone(),
    };
    let outcomes: Vec<(Arc<str>, Vec<String>)> =
        signal.outcomes.iter().map(|one| (one.name.clone(), texts(&one.value))).collect();
    let told = format!(
        "{title} at {} {}-{} {:?} {:?} {} {:?} {:?} {} {evidence:?}",
        signal.ts,
        signal.first_seen,
        signal.last_seen,
        signal.group,
        signal.value.map(|value| value.to_string()),
        signal.total,
        outcomes,
        signal.is_truncated,
        signal.risk,
    );
    (signal.id.to_string(), told)
}

pub(crate) fn same(what: &str, expected: &Told, got: &Told) {
    let line = |(id, told): (&String, &String)| format!("{id} {told}");
    let (expected, got): (BTreeSet<String>, BTreeSet<String>) =
        (expected.iter().map(line).collect(), got.iter().map(line).collect());
    let missing: Vec<_> = expected.difference(&got).collect();
    let wrong: Vec<_> = got.difference(&expected).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "{what}\nmissing {missing:#?}\nwrong {wrong:#?}");
}

/// Lines of a feed that are delivered together.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) feed: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The feeds cut into chunks of random sizes, in an order in which each feed's stand as they are.
pub(crate) fn chunks(random: &mut Random, feeds: &[Feed], max: usize) -> Vec<Chunk> {
    let mut next = vec![0; feeds.len()];
    let mut out = Vec::new();
    loop {
        let open: Vec<usize> = (0..feeds.len()).filter(|at| next[*at] < feeds[*at].lines.len()).collect();
        if open.is_empty() {
            return out;
        }
        let feed = *random.pick(&open);
        let (from, to) = (next[feed], (next[feed] + 1 + random.below(max)).min(feeds[feed].lines.len()));
        out.push(Chunk { feed, from, to });
        next[feed] = to;
    }
}

/// Chunks in the order of their events' times, as if feeds were read side by side.
pub(crate) fn side_by_side(feeds: &[Feed]) -> Vec<Chunk> {
    let mut all: Vec<(String, Chunk)> = Vec::new();
    for (feed, of) in feeds.iter().enumerate() {
        let mut latest = String::new();
        for (at, line) in of.lines.iter().enumerate() {
            let time: String = line.chars().take(40).collect();
            latest = latest.max(time);
            all.push((latest.clone(), Chunk { feed, from: at, to: at + 1 }));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter().map(|(_, chunk)| chunk).collect()
}

/// Matches a chunk, and stores its events as whoever takes them in does.
pub(crate) fn gather(
    intake: &mut Intake,
    feed: &Feed,
    chunk: &Chunk,
    store: &mut dyn FnMut(sigyn_correlate::At, &[u8]),
) -> Gathered {
    let mut batch = intake.begin(&feed.name, chunk.from as u64 + 1);
    let lines = &feed.lines[chunk.from..chunk.to];
    let mut decoder = Decoder::new(None);
    for step in Reader::new(&*feed.name, Cursor::new(lines.join("\n"))) {
        let Step::Batch(read) = step else { panic!("{step:?}") };
        decoder.decode(&read, &mut |record, event| {
            let offset = chunk.from as u64 + 1 + record;
            let seen = intake.event(&mut batch, offset, event, None);
            store(seen.at.unwrap(), lines[usize::try_from(record).unwrap()].as_bytes());
            true
        });
    }
    batch
}

/// A driver with what it has seen, driven by a time of day that follows the events or not.
pub(crate) struct Run {
    pub(crate) program: Arc<Program>,
    pub(crate) live: Live,
    pub(crate) history: MemoryHistory,
    pub(crate) intake: Intake,
    pub(crate) now: i64,
    /// Changes as they were told, by id: how often each kind.
    pub(crate) changes: HashMap<&'static str, usize>,
}

impl Run {
    pub(crate) fn new(program: &Arc<Program>, settings: Settings, feeds: &[Feed]) -> Self {
        let mut live = Live::new(program.clone(), settings);
        open(&mut live, feeds);
        let intake = Intake::new(live.view().clone());
        let history = MemoryHistory::new();
        Self { program: program.clone(), live, history, intake, now: 0, changes: HashMap::new() }
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.live.view().clone()
    }

    /// Delivers chunks as one step.
    pub(crate) fn take(&mut self, feeds: &[Feed], chunks: &[Chunk]) {
        if !Arc::ptr_eq(self.intake.view(), self.live.view()) {
            self.intake = Intake::new(self.live.view().clone());
        }
        let (intake, history) = (&mut self.intake, &mut self.history);
        let batches = chunks
            .iter()
            .map(|chunk| {
                gather(intake, &feeds[chunk.feed], chunk, &mut |at, record| history.store(at, record))
            })
            .collect();
        let changes = self.live.take(batches, self.now, &mut self.history).unwrap();
        self.count(&changes);
    }

    pub(crate) fn count(&mut self, changes: &[sigyn_runtime::live::Change]) {
        use sigyn_correlate::Status;
        use sigyn_runtime::live::Change;
        for change in changes {
            let kind = match change {
                Change::Add(signal) if signal.status == Status::Provisional => "provisional",
                Change::Add(_) => "add",
                Change::Update(_) => "update",
                Change::Retract(_) => "retract",
            };
            *self.changes.entry(kind).or_default() += 1;
        }
    }

    /// Ends; gives what stands.
    pub(crate) fn finish(mut self) -> (Told, HashMap<&'static str, usize>) {
        let changes = self.live.finish(&mut self.history).unwrap();
        assert!(
            self.history.standing().values().all(|signal| signal.status == sigyn_correlate::Status::Final)
        );
        let told = standing(&self.program, self.history.standing());
        let mut counts = std::mem::take(&mut self.changes);
        counts.entry("end").or_insert(changes.len());
        (told, counts)
    }
}

pub(crate) fn open(live: &mut Live, feeds: &[Feed]) {
    feeds.iter().for_each(|feed| live.open_feed(&feed.name, 1, 0).unwrap());
}

/// Settings under which nearly everything comes late.
pub(crate) fn hasty() -> Settings {
    let mut settings = Settings::standard();
    settings.lateness.usual = 0;
    settings.lateness.idle = 1;
    settings.repair_after = 0;
    settings
}
