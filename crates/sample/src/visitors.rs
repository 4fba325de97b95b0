//! Those who mean well: customers, the office, crawlers, a check that all is up. What they type may look odd: a sofa bed is
//! selected, an alert bracelet searched for; nobody must be alarmed by that.

use crate::chance::Chance;
use crate::line::{API, OFFICE, Request, SHOP, encoded};
use crate::{MINUTE, SECOND};

/// Visits that begin within a minute, in thousandths, by the hour (UTC).
const VISITS: [u64; 24] = [
    540, 360, 270, 240, 270, 420, 780, 1_320, 1_800, 2_100, 2_220, 2_280, 2_340, 2_220, 2_100, 2_100, 2_220,
    2_520, 2_940, 3_180, 3_000, 2_400, 1_560, 900,
];
const BROWSERS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
];
const CRAWLER: &str = "Mozilla/5.0 (compatible; ExampleBot/2.4; +https://bot.example/about)";
const SHELVES: [&str; 8] = ["sofas", "tables", "chairs", "lamps", "rugs", "shelves", "beds", "garden"];
const SEARCHES: [&str; 16] = [
    "sofa bed",
    "drop leaf table",
    "union jack cushion",
    "select series sideboard",
    "alert bracelet",
    "script lettering",
    "rock & roll poster",
    "o'neill beach towel",
    "table lamp <50 eur",
    "rug 2 x 3 m",
    "chair \"eames style\"",
    "50% off outdoor",
    "mirror, round; oak",
    "order by phone",
    "lamp and table set",
    "bed 140 or 160",
];
const CLERKS: [&str; 4] = ["anna", "jonas", "mira", "tove"];

/// A browser of somebody's.
pub(crate) fn browser(chance: &mut Chance) -> &'static str {
    chance.one(&BROWSERS)
}

/// Everybody who comes in a minute.
pub(crate) fn come(minute: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let hour = usize::try_from(minute.div_euclid(60 * MINUTE).rem_euclid(24)).unwrap_or(0);
    for _ in 0..chance.about(VISITS.get(hour).copied().unwrap_or(1000)) {
        let at = minute + chance.between(0, 59) * SECOND;
        visit(at, chance, out);
    }
    let mut check = Request::get(minute, [192, 0, 2, 10], "/healthz", "uptime-check/3.1");
    check.bytes = 2;
    out.push(check);
    if chance.is(350) {
        crawl(minute, chance, out);
    }
    if (6..18).contains(&hour) && chance.is(60) {
        clerk(minute, chance, out);
    }
}

/// A customer looks around, mostly without buying anything.
fn visit(start: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    // A few thousand customers, who come again.
    let client = [198, 18 + u8::from(chance.is(400)), low(chance, 24), low(chance, 250)];
    let agent = browser(chance);
    let mut at = start;
    let mut from = "-".to_owned();
    let pages = chance.between(2, 12);
    for page in 0..pages {
        let target = if page == 0 { landing(chance) } else { somewhere(chance) };
        let mut request = Request::get(at, client, target, agent);
        request.referer.clone_from(&from);
        request.bytes = chance.between(4_000, 60_000);
        if chance.is(9) {
            (request.status, request.bytes) = (404, 1_912);
        } else if chance.is(60) {
            (request.status, request.bytes) = (304, 0);
        }
        from = format!("https://{SHOP}{}", request.target.replace('"', "%22"));
        out.push(request);
        files(at, client, agent, &from, chance, out);
        at += chance.between(3, 55) * SECOND;
    }
    if chance.is(140) {
        buy(at, client, agent, &from, chance, out);
    }
}

fn landing(chance: &mut Chance) -> String {
    match chance.below(5) {
        0 | 1 => "/".to_owned(),
        2 => format!("/{}/?utm_source=letter&utm_campaign=autumn", chance.one(&SHELVES)),
        _ => format!("/product/{}", 1000 + chance.below(4000)),
    }
}

fn somewhere(chance: &mut Chance) -> String {
    match chance.below(10) {
        0 | 1 => format!("/search?q={}", encoded(chance.one(&SEARCHES))),
        2 | 3 => format!("/{}/?page={}&sort=price", chance.one(&SHELVES), 1 + chance.below(9)),
        4 => "/basket".to_owned(),
        _ => format!("/product/{}", 1000 + chance.below(4000)),
    }
}

/// What a page brings with it; most of it is in the browser already.
fn files(at: i64, client: [u8; 4], agent: &str, from: &str, chance: &mut Chance, out: &mut Vec<Request>) {
    for _ in 0..chance.between(0, 3) {
        let target = match chance.below(4) {
            0 => "/static/shop.7d1f.css".to_owned(),
            1 => "/static/shop.91ab.js".to_owned(),
            _ => format!("/images/{}-{}.webp", 1000 + chance.below(4000), 1 + chance.below(5)),
        };
        let mut request = Request::get(at + chance.between(0, 1) * SECOND, client, target, agent);
        request.referer = from.to_owned();
        request.bytes = chance.between(2_000, 180_000);
        out.push(request);
    }
    if chance.is(300) {
        let target = format!("/v1/stock?sku={}&store={}", 1000 + chance.below(4000), 1 + chance.below(12));
        let mut request = Request::get(at + SECOND, client, target, agent);
        (request.site, request.bytes) = (API, chance.between(80, 400));
        out.push(request);
    }
}

/// Logs in, now and then with the wrong password first, and pays.
fn buy(start: i64, client: [u8; 4], agent: &str, from: &str, chance: &mut Chance, out: &mut Vec<Request>) {
    let mut at = start;
    let mut step = |method, target: &str, status, bytes, wait: i64| {
        let mut request = Request::get(at, client, target, agent);
        (request.method, request.status, request.bytes) = (method, status, bytes);
        request.referer = from.to_owned();
        out.push(request);
        at += wait * SECOND;
    };
    step("GET", "/login", 200, 6_120, 9);
    for _ in 0..chance.about(250) {
        step("POST", "/login", 401, 6_204, 11);
    }
    step("POST", "/login", 302, 0, 1);
    step("GET", "/checkout", 200, 18_400, 40);
    step("POST", "/checkout/pay", 303, 0, 2);
    step("GET", "/checkout/thanks", 200, 9_300, 0);
}

fn crawl(minute: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let client = [198, 51, 100, 200 + low(chance, 4)];
    for step in 0..chance.between(2, 6) {
        let target = match chance.below(6) {
            0 => "/sitemap.xml".to_owned(),
            1 => format!("/{}/?page={}", chance.one(&SHELVES), 1 + chance.below(30)),
            _ => format!("/product/{}", 1000 + chance.below(4400)),
        };
        let mut request = Request::get(minute + step * 7 * SECOND, client, target, CRAWLER);
        request.bytes = chance.between(4_000, 60_000);
        if chance.is(40) {
            (request.status, request.bytes) = (404, 1_912);
        }
        out.push(request);
    }
}

/// Somebody of the office works on orders.
fn clerk(minute: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let at = usize::try_from(chance.below(CLERKS.len() as u64)).unwrap_or(0);
    let (user, agent) = (CLERKS[at], BROWSERS[at]);
    let client = [192, 0, 2, 40 + u8::try_from(at).unwrap_or(0)];
    for step in 0..chance.between(3, 12) {
        let target = match chance.below(3) {
            0 => "/orders?state=open".to_owned(),
            1 => format!("/orders/{}", 70_000 + chance.below(900)),
            _ => format!(
                "/customers?name={}",
                encoded(chance.one(&["O'Brien", "de la Cruz", "Li", "Müller", "Drop"]))
            ),
        };
        let mut request = Request::get(minute + step * 19 * SECOND, client, target, agent);
        (request.site, request.user, request.bytes) = (OFFICE, user, chance.between(3_000, 30_000));
        out.push(request);
    }
}

/// A number below `end` as part of an address.
fn low(chance: &mut Chance, end: u64) -> u8 {
    u8::try_from(1 + chance.below(end)).unwrap_or(u8::MAX)
}
