//! Killed again and again at random moments while events come: what was acknowledged is there once, and the signals are those
//! of a server that nobody killed.
//!
//! `SIGYN_KILLS=200 cargo test --test kills` kills as often; `SIGYN_SEED` makes other moments.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "common/serving.rs"]
mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use serving::{PATIENCE, Place, Serving};

const EACH: &str = "title: Each event\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0011\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: low\n";
const MANY: &str = "title: Three in a minute\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0012\ncorrelation:\n  type: event_count\n  \
                    rules: [5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0011]\n  generate: true\n  group-by: [Computer]\n  timespan: 1m\n  \
                    condition:\n    gte: 3\nlevel: high\n";
const EACH_ID: &str = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0011";
const MANY_ID: &str = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0012";
const SENDERS: usize = 3;
const PER_REQUEST: usize = 5;
/// A server lives so long at most, in milliseconds: many are killed before they listen. One in [`LONG_ONE_IN`] lives longer,
/// so that it has written its state.
const LIFE_MAX: u64 = 1_500;
const LONG_ONE_IN: u64 = 8;
const LONG_LIFE_MAX: u64 = 8_000;
/// Events go over into the lake, the log is cut and files are put together all the time, so that kills hit that too.
const RESTLESS: &str = "--restless";
/// The number of the event that closes all windows.
const LAST: usize = 10_000_000;

fn number_of(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Numbers that look random: the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// An event: a tenth of a second behind the one before it, of a host among many, so that some windows have enough of them and
/// some do not. `base` is in milliseconds.
fn event(base: u64, number: usize) -> String {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    json!({
        "@timestamp": base + number as u64 * 100, "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon", "Computer": format!("host-{}", mixed % 300), "Image": "C:\\sh.exe",
        "User": format!("u{number}"),
    })
    .to_string()
}

fn body(base: u64, numbers: impl Iterator<Item = usize>) -> String {
    let pair = |number| {
        format!("{{\"create\":{{\"_index\":\"win\",\"_id\":\"{number}\"}}}}\n{}\n", event(base, number))
    };
    numbers.map(pair).collect()
}

/// Sends until it is told to stop: a request that fails is sent again until it is acknowledged, as clients do. Gives the
/// numbers that were acknowledged.
fn send(
    place: &Place,
    address: &str,
    key: &str,
    base: u64,
    next: &AtomicUsize,
    stop: &AtomicBool,
) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Acquire) {
        let first = next.fetch_add(PER_REQUEST, Ordering::Relaxed);
        let body = body(base, first..first + PER_REQUEST);
        let start = Instant::now();
        loop {
            let request = place.agent.post(format!("http://{address}/_bulk")).header("authorization", key);
            let answer = request.content_type("application/x-ndjson").send(&body);
            // A body that is cut off is no acknowledgement.
            let text = answer.ok().filter(|answer| answer.status() == 200);
            let text = text.and_then(|mut answer| answer.body_mut().read_to_string().ok());
            if let Some(answer) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
                for item in answer["items"].as_array().unwrap() {
                    // 409: it was stored, and only the answer got lost.
                    assert!(matches!(item["create"]["status"].as_u64(), Some(201 | 409)), "{item}");
                }
                acknowledged.extend(first..first + PER_REQUEST);
                break;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    acknowledged
}

/// Waits until detection has seen everything.
fn drain(place: &Place, serving: &Serving) {
    let start = Instant::now();
    loop {
        let key = place.key(serving);
        let request = place.agent.get(format!("http://{}/metrics", serving.address));
        let text = request.header("authorization", key).call().unwrap().body_mut().read_to_string().unwrap();
        let figure = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap()
        };
        if figure("sigyn_log_detected") >= figure("sigyn_log_end") {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// All signals of a rule that hold.
fn signals(place: &Place, serving: &Serving, rule: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place.get(serving, &format!("/api/v1/signals?limit=1000&rule={rule}{cursor}"));
        let items = page["items"].as_array().unwrap().iter();
        found.extend(items.filter(|signal| signal["is_retracted"] == false).cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// How often each event has a signal.
fn seen(place: &Place, serving: &Serving) -> BTreeMap<usize, usize> {
    let mut seen = BTreeMap::new();
    for signal in signals(place, serving, EACH_ID) {
        let user = signal["user"].as_str().unwrap();
        *seen.entry(user.strip_prefix('u').unwrap().parse().unwrap()).or_default() += 1;
    }
    seen
}

/// What correlations have found, but for how it became known.
fn correlated(place: &Place, serving: &Serving) -> BTreeSet<String> {
    let told = |signal: &Value| {
        let parts = ["group", "time", "first_seen", "last_seen", "total"];
        parts.map(|part| signal[part].to_string()).join(" ")
    };
    signals(place, serving, MANY_ID).iter().map(told).collect()
}

/// A hunt over everything, and the ids of each rule's detections that it keeps: not all if there are very many.
fn hunted(place: &Place, serving: &Serving) -> (Value, BTreeMap<String, BTreeSet<String>>) {
    let order = json!({ "name": "all", "rules": [], "from": "2000-01-01T00:00:00Z" }).to_string();
    let request = place.agent.post(format!("http://{}/api/v1/hunts", serving.address));
    let request = request.header("authorization", place.key(serving)).content_type("application/json");
    let mut answer = request.send(&order).unwrap();
    assert_eq!(answer.status(), 201);
    let hunt: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let path = format!("/api/v1/hunts/{}", hunt["id"].as_str().unwrap());
    let start = Instant::now();
    let hunt = loop {
        let hunt = place.get(serving, &path)["hunt"].clone();
        match hunt["state"].as_str() {
            Some("done") => break hunt,
            Some("waiting" | "running") => assert!(start.elapsed() < PATIENCE, "{hunt}"),
            _ => panic!("{hunt}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(hunt["remarks"], json!([]), "{hunt}");
    let (mut found, mut cursor): (BTreeMap<String, BTreeSet<String>>, _) = (BTreeMap::new(), String::new());
    loop {
        let page = place.get(serving, &format!("{path}/detections?limit=1000{cursor}"));
        for detection in page["items"].as_array().unwrap() {
            let [rule, id] = ["rule", "id"].map(|part| detection[part].as_str().unwrap().to_owned());
            assert!(found.entry(rule).or_default().insert(id), "told twice: {detection}");
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (hunt, found),
        }
    }
}

fn post_last(place: &Place, serving: &Serving, base: u64) {
    let (status, answer) = place.post(serving, "/_bulk", &body(base, std::iter::once(LAST)));
    assert_eq!(status, 200, "{answer}");
    drain(place, serving);
}

#[test]
fn signals_are_the_same_however_often_it_is_killed() {
    let kills = number_of("SIGYN_KILLS", 5);
    let mut random = Random(number_of("SIGYN_SEED", 7));
    // In the past by more than the longest run takes in events' time, and recent enough to be believed.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let base = (now - 20 * 86_400) * 1_000;
    let rules = [("each.yml", EACH), ("many.yml", MANY)];
    let place = Place::with(&rules);
    // A port that is free now is free again when a server is killed.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let key = place.key(&place.start_at(&address, &[RESTLESS]));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (mut slowest, mut serving) = (Duration::ZERO, None);
    let acknowledged: BTreeSet<usize> = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..SENDERS).map(|_| scope.spawn(|| send(&place, &address, &key, base, &next, &stop))).collect();
        for _ in 0..kills {
            let mut child = place.command(&address, &[RESTLESS]).spawn().unwrap();
            let longest = if random.below(LONG_ONE_IN) == 0 { LONG_LIFE_MAX } else { LIFE_MAX };
            std::thread::sleep(Duration::from_millis(random.below(longest)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let start = Instant::now();
        serving = Some(place.start_at(&address, &[RESTLESS]));
        slowest = slowest.max(start.elapsed());
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Release);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    let serving = serving.unwrap();
    assert!(!acknowledged.is_empty() && slowest < Duration::from_secs(20), "{slowest:?}");
    post_last(&place, &serving, base);
    let seen = seen(&place, &serving);
    let lost: Vec<_> = acknowledged.iter().filter(|number| !seen.contains_key(number)).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), acknowledged.len());
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "twice: {twice:?}");
    // Everything is in the lake, once, and says what was said live.
    let (hunt, again) = hunted(&place, &serving);
    assert_eq!(hunt["events_all"], seen.len(), "each event is in the lake once");
    let mut all = 0;
    for rule in [EACH_ID, MANY_ID] {
        let live: BTreeSet<String> = signals(&place, &serving, rule)
            .iter()
            .map(|signal| signal["id"].as_str().unwrap().to_owned())
            .collect();
        let hunted = again.get(rule).cloned().unwrap_or_default();
        let (missing, more) = (live.difference(&hunted).count(), hunted.difference(&live).count());
        let is_cut = hunt["is_truncated"] == true;
        let told = format!("{rule}: {} signals, {} hunted", live.len(), hunted.len());
        assert!(more == 0 && (missing == 0 || is_cut), "{told}");
        all += live.len();
    }
    assert_eq!(hunt["detections"], all, "as many are found as there are signals");
    let found = correlated(&place, &serving);
    println!(
        "{kills} kills, {} events acknowledged, {} correlated, ready in {slowest:?}",
        acknowledged.len(),
        found.len()
    );

    // The same events, in their order, to a server that nobody kills.
    let quiet = Place::with(&rules);
    let undisturbed = quiet.start(&[]);
    let all: Vec<usize> = seen.keys().copied().filter(|number| *number != LAST).collect();
    for some in all.chunks(1_000) {
        assert_eq!(quiet.post(&undisturbed, "/_bulk", &body(base, some.iter().copied())).0, 200);
    }
    post_last(&quiet, &undisturbed, base);
    let expected = correlated(&quiet, &undisturbed);
    assert!(!expected.is_empty());
    let missing: Vec<_> = expected.difference(&found).collect();
    let more: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}, too many {more:#?}");
}
