//! What a batch's matches say, gathered where the events still stand.
//!
//! All texts of a batch lie in one string: a result costs no allocation of its own.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use sigyn_event::{Event, Timestamp};
use sigyn_ir::ItemId;
use sigyn_readers::{Facts, Member};

use crate::run::{Events, Settings};
use crate::tap::Tap;

/// A rule that matched an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit<'h> {
    /// The rule's place in its set.
    pub rule: usize,
    /// When the event happened.
    pub time: Option<Timestamp>,
    /// Where.
    pub host: Option<Cow<'h, str>>,
    /// Who.
    pub user: Option<Cow<'h, str>>,
    /// The log.
    pub member: Arc<Member>,
    /// Number of the record in its log, from 1; damaged records do not count.
    pub record: u64,
    /// The event as JSON, if asked for.
    pub event: Option<Cow<'h, str>>,
}

impl Hit<'_> {
    /// A copy that stands alone.
    pub fn into_owned(self) -> Hit<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Hit {
            rule: self.rule,
            time: self.time,
            host: owned(self.host),
            user: owned(self.user),
            member: self.member,
            record: self.record,
            event: owned(self.event),
        }
    }
}

/// The matches of a batch.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The rule, and the place of its event in `events`.
    hits: Vec<(usize, usize)>,
    events: Vec<Seen>,
    text: String,
}

/// An event that something matched; texts are ranges of the batch's.
#[derive(Debug)]
struct Seen {
    record: u64,
    time: Option<Timestamp>,
    host: Option<Range<usize>>,
    user: Option<Range<usize>>,
    json: Option<Range<usize>>,
}

impl Found {
    /// Adds the matches of an event, which is the given record of its batch, unless the event's time is not asked for.
    pub(crate) fn add(
        &mut self,
        rules: &[ItemId],
        record: u64,
        event: Event<'_>,
        facts: &mut Facts,
        settings: Settings,
        tap: &impl Tap,
    ) {
        if !rules.iter().any(|rule| tap.is_shown(*rule)) {
            return;
        }
        let time = facts.time(event);
        if !is_in_time(time, settings) {
            return;
        }
        let text = &mut self.text;
        let mut piece = |write: &mut dyn FnMut(&mut String) -> bool| {
            let start = text.len();
            write(text).then_some(start..text.len())
        };
        let host = piece(&mut |text| facts.host(event, text));
        let user = piece(&mut |text| facts.user(event, text));
        let json = piece(&mut |text| {
            let is_wanted = settings.events == Events::Included;
            if is_wanted {
                event.write_json(text);
            }
            is_wanted
        });
        let at = self.events.len();
        self.events.push(Seen { record, time, host, user, json });
        let shown = rules.iter().filter(|rule| tap.is_shown(**rule));
        self.hits.extend(shown.map(|rule| (rule.0 as usize, at)));
    }

    /// The matches in order; the batch's first record has the number `base` + 1.
    pub(crate) fn hits<'f>(
        &'f self,
        member: &'f Arc<Member>,
        base: u64,
    ) -> impl Iterator<Item = Hit<'f>> + use<'f> {
        let text = |range: &Option<Range<usize>>| range.clone().and_then(|range| self.text.get(range));
        self.hits.iter().filter_map(move |(rule, at)| {
            let event = self.events.get(*at)?;
            Some(Hit {
                rule: *rule,
                time: event.time,
                host: text(&event.host).map(Cow::Borrowed),
                user: text(&event.user).map(Cow::Borrowed),
                member: Arc::clone(member),
                record: base + event.record + 1,
                event: text(&event.json).map(Cow::Borrowed),
            })
        })
    }
}

fn is_in_time(time: Option<Timestamp>, settings: Settings) -> bool {
    if settings.from.is_none() && settings.to.is_none() {
        return true;
    }
    // An event without a time is in no range.
    time.is_some_and(|time| {
        settings.from.is_none_or(|from| time >= from) && settings.to.is_none_or(|to| time < to)
    })
}
