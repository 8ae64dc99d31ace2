//! Where the sound was faulty: a lane of the timeline for each fault that occurred, and side.

use super::Call;
use super::curves::{Stretch, Stretches};
use super::markup::Markup;
use super::plot::{LEFT, RIGHT, Time, block, label};
use super::words::{FineClock, counted, number, percent};
use crate::analyze::report::SideReport;

/// Marks closer than this are one.
const JOIN: f64 = 3.0;
/// A mark is no narrower than this.
const LEAST: f64 = 2.0;

/// The faults that have a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Hum,
    Clipping,
    Dropouts,
    Crackle,
}

const LANES: [Lane; 4] = [Lane::Hum, Lane::Clipping, Lane::Dropouts, Lane::Crackle];

/// The marks of one fault, one side.
#[derive(Debug)]
pub(super) struct FaultLane {
    side: &'static str,
    name: &'static str,
    total: String,
    /// From, to, and what a pointer is told.
    marks: Vec<(f64, f64, String)>,
}

impl FaultLane {
    /// Draws it into a row that begins at `top`.
    pub(super) fn draw(&self, m: &mut Markup, top: f64) {
        label(
            m,
            &format!("lane end {}", self.side),
            LEFT - 8.0,
            top + 15.0,
            self.name,
        );
        m.node("g", &[("class", &self.side)], |m| {
            for (x0, x1, says) in &self.marks {
                block(m, "fault", (*x0, *x1), (top + 4.0, top + 18.0), says);
            }
        });
        label(
            m,
            &format!("direct {}", self.side),
            RIGHT + 8.0,
            top + 15.0,
            &self.total,
        );
    }
}

/// Every lane in which there is something to see.
pub(super) fn lanes(call: &Call<'_>, time: Time) -> Vec<FaultLane> {
    let columns = &call.curves.columns;
    let analysis = call.analysis;
    let agent = [("agent", &columns.agent, &analysis.agent)];
    let customer = columns.customer.as_ref().zip(analysis.customer.as_ref());
    let customer = customer.map(|(stretches, report)| ("customer", stretches, report));
    agent
        .into_iter()
        .chain(customer)
        .flat_map(|(side, stretches, report)| {
            LANES.into_iter().filter_map(move |lane| {
                let marks = marks(lane, columns, stretches, time);
                (!marks.is_empty()).then(|| FaultLane {
                    side,
                    name: lane.name(side),
                    total: lane.total(report),
                    marks,
                })
            })
        })
        .collect()
}

/// The columns with this fault, those that touch as one mark.
fn marks(lane: Lane, all: &Stretches, columns: &[Stretch], time: Time) -> Vec<(f64, f64, String)> {
    let mut joined: Vec<(f64, f64, Sum)> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let sum = Sum::of(lane, column);
        if sum.count == 0 {
            continue;
        }
        let (start, end) = all.span_s(index);
        match joined.last_mut() {
            Some(last) if time.x(start) - time.x(last.1) < JOIN => {
                last.1 = end;
                last.2.add(sum);
            }
            _ => joined.push((start, end, sum)),
        }
    }
    let mark = |(start, end, sum): (f64, f64, Sum)| {
        let (x0, x1) = (time.x(start), time.x(end));
        let says = format!(
            "{} to {}: {}",
            FineClock(start),
            FineClock(end),
            sum.said(lane)
        );
        (x0, x1.max(x0 + LEAST), says)
    };
    joined.into_iter().map(mark).collect()
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy)]
struct Sum {
    count: u64,
    lost_ms: f64,
    /// Of the loudest hum.
    hum: Option<(f32, f32)>,
}

impl Sum {
    fn of(lane: Lane, column: &Stretch) -> Self {
        let hum = column.hum.map(|hum| (hum.level.0, hum.fundamental.0));
        Self {
            count: match lane {
                Lane::Hum => u64::from(hum.is_some()),
                Lane::Clipping => column.clipped_samples,
                Lane::Dropouts => column.dropouts.into(),
                Lane::Crackle => column.crackles.into(),
            },
            lost_ms: column.dropout_ms,
            hum,
        }
    }

    fn add(&mut self, more: Self) {
        self.count += more.count;
        self.lost_ms += more.lost_ms;
        self.hum = match (self.hum, more.hum) {
            (Some(a), Some(b)) => Some(if a.0 >= b.0 { a } else { b }),
            (a, b) => a.or(b),
        };
    }

    fn said(&self, lane: Lane) -> String {
        match (lane, self.hum) {
            (Lane::Hum, Some((level, hz))) => format!(
                "hum of {} Hz, {} dBov",
                number(hz.into(), 1),
                number(level.into(), 1)
            ),
            (Lane::Hum, None) => "hum".to_owned(),
            (Lane::Clipping, _) => counted(self.count, "clipped sample"),
            (Lane::Dropouts, _) => format!(
                "{}, {} ms lost",
                counted(self.count, "dropout"),
                number(self.lost_ms, 0)
            ),
            (Lane::Crackle, _) => counted(self.count, "crackle"),
        }
    }
}

impl Lane {
    fn name(self, side: &str) -> &'static str {
        match (self, side) {
            (Self::Hum, "agent") => "Hum, agent",
            (Self::Hum, _) => "Hum, cust.",
            (Self::Clipping, "agent") => "Clip, agent",
            (Self::Clipping, _) => "Clip, cust.",
            (Self::Dropouts, "agent") => "Drop, agent",
            (Self::Dropouts, _) => "Drop, cust.",
            (Self::Crackle, "agent") => "Crackle, ag.",
            (Self::Crackle, _) => "Crackle, cust.",
        }
    }

    /// The whole call's figure.
    fn total(self, report: &SideReport) -> String {
        match self {
            Self::Hum => match (report.hum_hz, report.hum_dbov) {
                (Some(hz), Some(level)) => {
                    format!("{} Hz at {}", number(hz, 0), number(level, 1))
                }
                _ => "at times".to_owned(),
            },
            Self::Clipping => format!("{} clipped", percent(report.clipped_ratio)),
            Self::Dropouts => counted(report.dropouts, "dropout"),
            Self::Crackle => format!("{} a minute", number(report.crackle_per_min, 1)),
        }
    }
}
