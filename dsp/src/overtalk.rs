//! Overtalk (CONTRACT §4): who talks over whom, decided live.
//!
//! A pure state machine over two booleans per frame ("this side speaks"), so that every rule can be
//! shown by a table.
//!
//! *Utterance*: a side's speech with gaps shorter than 200 ms joined. *Double talk*: frames in which
//! both speak, gaps shorter than 200 ms joined; such a span always lies in one utterance of each
//! side. The side whose utterance began first has the *floor*, the other *comes in*. A span of at
//! least 500 ms is an overtalk unless the incoming utterance is shorter than 1 s (a back-channel).
//! So the decision falls in the first frame in which the incoming utterance is 1 s long, or, if the
//! span is not 500 ms long by then, as soon as it is; a shorter utterance never gets there.
//!
//! *Promises*: events in order, at most one per frame, each `Started` followed by its `Ended`.
//! Starts of both sides closer than 200 ms name nobody; the rule for back-channels then looks at
//! the later one, and on a tie at the customer's.
//!
//! *Never* joins across an exclusion (hold, mute): what was open ends there.

use crate::measurement::{OvertalkEvent, OvertalkParties, Side};

/// Gaps shorter than this are joined: 200 ms.
const GAP: u64 = 20;

/// The least double talk that counts: 500 ms.
const LEAST_SPAN: u64 = 50;

/// An incoming utterance shorter than this is a back-channel: 1 s.
const BACK_CHANNEL: u64 = 100;

/// Starts closer than this are at the same time: 200 ms.
const SAME_START: u64 = 20;

/// Frames from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
}

impl Run {
    fn len(self) -> u64 {
        self.last - self.first + 1
    }

    /// Nothing for so long that it is over.
    fn over_at(self, frame: u64) -> bool {
        frame - self.last > GAP
    }
}

/// One side's, or the pair's, current run; joined over gaps.
fn extend(run: &mut Option<Run>, frame: u64, on: bool) {
    if run.is_some_and(|r| r.over_at(frame)) {
        *run = None;
    }
    if on {
        match run {
            Some(r) => r.last = frame,
            None => {
                *run = Some(Run {
                    first: frame,
                    last: frame,
                });
            }
        }
    }
}

/// A span of double talk, with what is needed to decide about it.
#[derive(Debug, Clone, Copy)]
struct Span {
    run: Run,
    parties: OvertalkParties,
    incoming: Side,
    /// First frame of the incoming utterance.
    incoming_first: u64,
    started: bool,
}

/// Follows both sides and tells of overtalk.
#[derive(Debug, Clone, Default)]
pub struct OvertalkTracker {
    frame: u64,
    agent: Option<Run>,
    customer: Option<Run>,
    /// The span that still grows.
    open: Option<Span>,
    /// A span of enough length that is over while the incoming utterance is still too short.
    waiting: Option<Span>,
    /// What is decided but not yet told: one event leaves per frame.
    queue: [Option<OvertalkEvent>; QUEUE],
}

/// At most: a waiting span that starts and ends and an open one that starts, all at once, and one
/// more end at an exclusion.
const QUEUE: usize = 6;

impl OvertalkTracker {
    /// A tracker at frame 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frame. With `excluded` (hold, mute) neither side counts.
    pub fn push(&mut self, agent: bool, customer: bool, excluded: bool) -> Option<OvertalkEvent> {
        let frame = self.frame;
        self.frame += 1;
        if excluded {
            self.close();
        } else {
            self.follow(frame, agent, customer);
        }
        self.take()
    }

    /// The overtalk going on now: its first frame, once it is decided.
    #[must_use]
    pub fn current(&self) -> Option<u64> {
        self.open.filter(|s| s.started).map(|s| s.run.first)
    }

    /// Ends everything that is open, at the end of a call or file. Call [`Self::take`] until it is
    /// empty.
    pub fn close(&mut self) {
        if let Some(span) = self.open.take().filter(|s| s.started) {
            self.end(span);
        }
        self.agent = None;
        self.customer = None;
        self.waiting = None;
    }

    /// The next event not yet told.
    pub fn take(&mut self) -> Option<OvertalkEvent> {
        let event = self.queue[0].take();
        self.queue.rotate_left(1);
        event
    }

    fn follow(&mut self, frame: u64, agent: bool, customer: bool) {
        extend(&mut self.agent, frame, agent);
        extend(&mut self.customer, frame, customer);
        if let Some(span) = self.open.filter(|s| s.run.over_at(frame)) {
            self.open = None;
            if span.started {
                self.end(span);
            } else if span.run.len() >= LEAST_SPAN && self.still_speaks(span) {
                self.waiting = Some(span);
            }
        }
        if agent && customer {
            match &mut self.open {
                Some(span) => span.run.last = frame,
                None => self.open = self.begin(frame),
            }
        }
        if let Some(span) = self.waiting {
            if !self.still_speaks(span) {
                self.waiting = None;
            } else if self.incoming_len(span) >= BACK_CHANNEL {
                self.waiting = None;
                self.start(span);
                self.end(span);
            }
        }
        if let Some(mut span) = self.open
            && !span.started
            && span.run.len() >= LEAST_SPAN
            && self.incoming_len(span) >= BACK_CHANNEL
        {
            span.started = true;
            self.start(span);
            self.open = Some(span);
        }
    }

    /// A span that begins with this frame, in which both speak.
    fn begin(&self, frame: u64) -> Option<Span> {
        let (agent, customer) = (self.agent?.first, self.customer?.first);
        let (floor, incoming, incoming_first) = if agent < customer {
            (Side::Agent, Side::Customer, customer)
        } else if customer < agent {
            (Side::Customer, Side::Agent, agent)
        } else {
            (Side::Agent, Side::Customer, customer)
        };
        let together = agent.abs_diff(customer) < SAME_START;
        Some(Span {
            run: Run {
                first: frame,
                last: frame,
            },
            parties: OvertalkParties {
                floor: (!together).then_some(floor),
                interrupter: (!together).then_some(incoming),
            },
            incoming,
            incoming_first,
            started: false,
        })
    }

    /// The utterance that came in with `span`, if it is not over.
    fn incoming(&self, span: Span) -> Option<Run> {
        let run = match span.incoming {
            Side::Agent => self.agent,
            Side::Customer => self.customer,
        };
        run.filter(|r| r.first == span.incoming_first)
    }

    fn still_speaks(&self, span: Span) -> bool {
        self.incoming(span).is_some()
    }

    fn incoming_len(&self, span: Span) -> u64 {
        self.incoming(span).map_or(0, Run::len)
    }

    fn start(&mut self, span: Span) {
        self.tell(OvertalkEvent::Started {
            start_frame: span.run.first,
            parties: span.parties,
        });
    }

    fn end(&mut self, span: Span) {
        self.tell(OvertalkEvent::Ended {
            start_frame: span.run.first,
            end_frame: span.run.last + 1,
            parties: span.parties,
        });
    }

    fn tell(&mut self, event: OvertalkEvent) {
        if let Some(free) = self.queue.iter_mut().find(|e| e.is_none()) {
            *free = Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `(floor, start, end)` of every overtalk, from the whole call at once: the rules of CONTRACT
    /// §4 word by word, with nothing decided live.
    fn offline(agent: &[bool], customer: &[bool]) -> Vec<(Option<Side>, u64, u64)> {
        fn runs(on: impl Iterator<Item = bool>) -> Vec<(u64, u64)> {
            let mut out: Vec<(u64, u64)> = Vec::new();
            for (i, on) in on.enumerate() {
                let i = i as u64;
                match out.last_mut() {
                    _ if !on => {}
                    Some(last) if i - last.1 < 20 => last.1 = i + 1,
                    _ => out.push((i, i + 1)),
                }
            }
            out
        }
        let (a, c) = (runs(agent.iter().copied()), runs(customer.iter().copied()));
        let both = runs(agent.iter().zip(customer).map(|(a, c)| *a && *c));
        let mut out = Vec::new();
        for (start, end) in both {
            let holding =
                |r: &[(u64, u64)]| *r.iter().find(|u| u.0 <= start && end <= u.1).unwrap();
            let (a, c) = (holding(&a), holding(&c));
            let incoming = if c.0 >= a.0 { c } else { a };
            if end - start < 50 || incoming.1 - incoming.0 < 100 {
                continue;
            }
            let floor = if a.0.abs_diff(c.0) < 20 {
                None
            } else if a.0 < c.0 {
                Some(Side::Agent)
            } else {
                Some(Side::Customer)
            };
            out.push((floor, start, end));
        }
        out
    }

    /// What the tracker tells, with the frame it tells it in.
    fn live(agent: &[bool], customer: &[bool]) -> Vec<(u64, OvertalkEvent)> {
        let mut tracker = OvertalkTracker::new();
        let mut out = Vec::new();
        for (i, (a, c)) in agent.iter().zip(customer).enumerate() {
            out.extend(tracker.push(*a, *c, false).map(|e| (i as u64, e)));
        }
        tracker.close();
        while let Some(event) = tracker.take() {
            out.push((agent.len() as u64, event));
        }
        out
    }

    fn ends(events: &[(u64, OvertalkEvent)]) -> Vec<(Option<Side>, u64, u64)> {
        let mut begun = Vec::new();
        let mut out = Vec::new();
        for (_, event) in events {
            match *event {
                OvertalkEvent::Started { start_frame, .. } => begun.push(start_frame),
                OvertalkEvent::Ended {
                    start_frame,
                    end_frame,
                    parties,
                } => {
                    assert_eq!(begun.pop(), Some(start_frame), "ended without a start");
                    out.push((parties.floor, start_frame, end_frame));
                }
            }
        }
        assert!(begun.is_empty(), "started and never ended");
        out
    }

    /// Speech of one side from `(start, end)` in frames.
    fn speech(len: usize, spans: &[(usize, usize)]) -> Vec<bool> {
        (0..len)
            .map(|i| spans.iter().any(|s| s.0 <= i && i < s.1))
            .collect()
    }

    #[test]
    fn rules_by_table() {
        type Spans = &'static [(usize, usize)];
        type Told = Option<(Option<Side>, u64, u64, u64)>;
        // agent, customer, expected (floor, start, end, decided in frame)
        let table: &[(&str, Spans, Spans, Told)] = &[
            ("no overlap", &[(0, 300)], &[(310, 600)], None),
            (
                "customer breaks in",
                &[(0, 300)],
                &[(200, 500)],
                Some((Some(Side::Agent), 200, 300, 299)),
            ),
            (
                "agent breaks in",
                &[(100, 400)],
                &[(0, 300)],
                Some((Some(Side::Customer), 100, 300, 199)),
            ),
            ("490 ms of double talk", &[(0, 300)], &[(251, 500)], None),
            (
                "500 ms of double talk",
                &[(0, 300)],
                &[(250, 500)],
                Some((Some(Side::Agent), 250, 300, 349)),
            ),
            ("back-channel of 990 ms", &[(0, 600)], &[(200, 299)], None),
            (
                "utterance of 1.0 s",
                &[(0, 600)],
                &[(200, 300)],
                Some((Some(Side::Agent), 200, 300, 299)),
            ),
            (
                "back-channel joined over 190 ms",
                &[(0, 600)],
                &[(200, 250), (269, 310)],
                Some((Some(Side::Agent), 200, 310, 299)),
            ),
            (
                "two back-channels 200 ms apart",
                &[(0, 600)],
                &[(200, 270), (290, 360)],
                None,
            ),
            (
                "starts 190 ms apart name nobody",
                &[(0, 300)],
                &[(19, 300)],
                Some((None, 19, 300, 118)),
            ),
            (
                "starts 200 ms apart name the first",
                &[(0, 300)],
                &[(20, 300)],
                Some((Some(Side::Agent), 20, 300, 119)),
            ),
            (
                "floor gives up before the decision",
                &[(0, 260)],
                &[(200, 500)],
                Some((Some(Side::Agent), 200, 260, 299)),
            ),
        ];
        for (name, agent, customer, want) in table {
            let events = live(&speech(700, agent), &speech(700, customer));
            let told = ends(&events);
            match want {
                None => assert!(events.is_empty(), "{name}: {events:?}"),
                Some((floor, start, end, decided)) => {
                    assert_eq!(told, [(*floor, *start, *end)], "{name}");
                    assert_eq!(events[0].0, *decided, "{name}: decided in the wrong frame");
                }
            }
        }
    }

    #[test]
    fn hold_and_mute_end_it() {
        let mut tracker = OvertalkTracker::new();
        let mut events = Vec::new();
        for i in 0..400 {
            events.extend(tracker.push(true, i >= 50, (200..220).contains(&i)));
        }
        assert_eq!(events.len(), 3, "{events:?}");
        assert!(matches!(
            events[1],
            OvertalkEvent::Ended { end_frame: 200, .. }
        ));
        assert!(matches!(
            events[2],
            OvertalkEvent::Started {
                start_frame: 220,
                parties: OvertalkParties { floor: None, .. }
            }
        ));
    }

    fn pattern() -> impl Strategy<Value = Vec<(u16, u16)>> {
        // Gaps and talk around the limits that matter: 200 ms, 500 ms, 1 s.
        let length = || prop_oneof![1_u16..45, 40_u16..60, 90_u16..110, 1_u16..400];
        proptest::collection::vec((length(), length()), 1..24)
    }

    fn frames(pattern: &[(u16, u16)]) -> Vec<bool> {
        pattern
            .iter()
            .flat_map(|&(gap, talk)| {
                std::iter::repeat_n(false, gap.into()).chain(std::iter::repeat_n(true, talk.into()))
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
        #[test]
        fn live_equals_offline(agent in pattern(), customer in pattern()) {
            let (mut agent, mut customer) = (frames(&agent), frames(&customer));
            let len = agent.len().max(customer.len());
            agent.resize(len, false);
            customer.resize(len, false);
            let mut told = ends(&live(&agent, &customer));
            told.sort_by_key(|o| o.1);
            prop_assert_eq!(told, offline(&agent, &customer));
        }
    }
}
