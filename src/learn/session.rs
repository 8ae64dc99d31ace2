//! The conversation with a person: what to do now, what moved, what comes next.
//!
//! *Promises*: each step is asked for twice, done and taken back; everything that comes is recorded with the
//! step that was asked, already freed of serial numbers and texts. A headset that is unplugged does not end it.
//!
//! *Never* does I/O or looks at a clock: keys, reports and times are handed in, lines to show are taken out.

use super::analysis::{self, Findings};
use super::movement::{Movements, Spot, noise_texts, told};
use super::summary::sentence;
use super::words::{absent, request, title, way_back};
use sidetone_devices::hid::capture::{Action, Capture, Phase, Sent, Step, What, redact};
use sidetone_devices::hid::descriptor::ReportDescriptor;
use sidetone_devices::hid::quirks::Quirk;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The steps behind the quiet one, in the order in which they are asked for.
const STEPS: [Step; 4] = [Step::Mute, Step::QuickDisconnect, Step::Volume, Step::Hook];
/// How often each is asked for.
const ROUNDS: u32 = 2;
/// After Enter, reports still on their way belong to what was done.
const SETTLE: Duration = Duration::from_millis(400);
/// Reports kept of one phase. A sensor that sends more than that tells nothing by it.
const MOST_REPORTS: usize = 2000;

/// What a person types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Enter: done.
    Done,
    /// The headset does not have that.
    Skip,
    /// This step again.
    Repeat,
    /// Stop, with what was learned so far.
    Quit,
}

impl Key {
    /// What a line of input means; `None` if nothing.
    #[must_use]
    pub fn of(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "" => Some(Self::Done),
            "s" | "skip" => Some(Self::Skip),
            "r" | "repeat" => Some(Self::Repeat),
            "q" | "quit" => Some(Self::Quit),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody touches it until then.
    Quiet {
        until: Duration,
    },
    /// A phase was asked for.
    Asked,
    /// It is done; what is on its way still counts.
    Settling {
        until: Duration,
    },
    /// A step is not clear: go on, or again?
    Unsettled,
    /// Back to where the step begins.
    WayBack,
    Over,
}

/// One conversation. Times are since its beginning.
#[derive(Debug)]
pub struct Session {
    capture: Capture,
    known: Option<Quirk>,
    serial: Option<String>,
    descriptors: Vec<Option<ReportDescriptor>>,
    quiet: Duration,
    stage: Stage,
    /// Which of [`STEPS`], and where in it.
    step: usize,
    round: u32,
    action: Action,
    tried: Vec<Step>,
    present: Vec<bool>,
    movements: Movements,
    noise: BTreeMap<Spot, u8>,
    shown: BTreeSet<String>,
    lines: Vec<String>,
}

impl Session {
    /// A conversation about the headset that `capture` names, which has no phases yet. `serial` is what must
    /// not be recorded; `quiet` how long nothing is to be touched.
    #[must_use]
    pub fn new(
        capture: Capture,
        known: Option<Quirk>,
        serial: Option<String>,
        quiet: Duration,
    ) -> Self {
        let descriptors = capture
            .interfaces
            .iter()
            .map(|bytes| ReportDescriptor::parse(bytes).ok())
            .collect();
        let present = vec![true; capture.interfaces.len()];
        let mut session = Self {
            capture,
            known,
            serial,
            descriptors,
            quiet,
            stage: Stage::Quiet { until: quiet },
            step: 0,
            round: 1,
            action: Action::Do,
            tried: Vec::new(),
            present,
            movements: Movements::default(),
            noise: BTreeMap::new(),
            shown: BTreeSet::new(),
            lines: Vec::new(),
        };
        session.begin();
        session
    }

    fn begin(&mut self) {
        for (number, descriptor) in self.descriptors.iter().enumerate() {
            if descriptor.is_none() {
                self.lines.push(format!(
                    "The report descriptor of interface {number} is refused: its reports are recorded, and \
                     no rule can be made of them."
                ));
            }
        }
        self.push_phase(Step::Quiet, Action::Rest, 1, true);
        self.lines.push(format!(
            "[quiet] Not muted, on the hook, everything plugged together; now leave the headset alone for {} s.",
            self.quiet.as_secs_f32().ceil()
        ));
    }

    /// The lines to show since the last call.
    pub fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Whether there is nothing more to ask.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What was recorded and which steps were come to.
    #[must_use]
    pub fn into_capture(self) -> (Capture, Vec<Step>) {
        (self.capture, self.tried)
    }

    fn step(&self) -> Step {
        STEPS.get(self.step).copied().unwrap_or(Step::Quiet)
    }

    fn push_phase(&mut self, step: Step, action: Action, round: u32, counted: bool) {
        self.shown.clear();
        self.capture.phases.push(Phase {
            step,
            action,
            round,
            counted,
            sent: Vec::new(),
            events: Vec::new(),
        });
    }

    /// Takes what came from the headset.
    pub fn sent(&mut self, at: Duration, mut what: What) {
        if let What::Report { bytes, .. } = &mut what {
            redact(bytes, self.serial.as_deref());
        }
        match &what {
            What::Report { interface, bytes } => self.show(*interface, &bytes.clone()),
            What::Gone { interface } => self.presence(at, *interface, false),
            What::Back { interface } => self.presence(at, *interface, true),
            What::CardGone => self.lines.push("  the sound card left".to_owned()),
            What::CardBack => self.lines.push("  the sound card is back".to_owned()),
        }
        let ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        if let Some(phase) = self.capture.phases.last_mut() {
            match phase.sent.len() {
                kept if kept < MOST_REPORTS => phase.sent.push(Sent { ms, what }),
                MOST_REPORTS => self.shown_once(format!(
                    "  more than {MOST_REPORTS} reports: the rest of this step is not kept"
                )),
                _ => {}
            }
        }
    }

    fn show(&mut self, interface: usize, bytes: &[u8]) {
        let descriptor = self.descriptors.get(interface).and_then(Option::as_ref);
        let moved = self.movements.take(interface, descriptor, bytes);
        let quiet = matches!(self.stage, Stage::Quiet { .. });
        for text in told(&moved, &self.noise) {
            let by_itself = if quiet { " (by itself)" } else { "" };
            self.shown_once(format!("  {text}{by_itself}"));
        }
    }

    fn shown_once(&mut self, line: String) {
        if self.shown.insert(line.clone()) {
            self.lines.push(line);
        }
    }

    fn is_there(&self) -> bool {
        self.present.contains(&true)
    }

    fn presence(&mut self, at: Duration, interface: usize, there: bool) {
        let before = self.is_there();
        if let Some(present) = self.present.get_mut(interface) {
            *present = there;
        }
        match (before, self.is_there()) {
            (true, false) => {
                let line = if self.step() == Step::QuickDisconnect && self.action == Action::Do {
                    "  the whole headset left the USB bus: that is a result, too"
                } else {
                    "  the headset was unplugged: plug it in again; r then does this step again"
                };
                self.lines.push(line.to_owned());
            }
            (false, true) => {
                self.lines.push("  the headset is back".to_owned());
                if let Stage::Quiet { until } = &mut self.stage {
                    *until = at + self.quiet;
                }
            }
            _ => {}
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, at: Duration) {
        match self.stage {
            Stage::Quiet { until } if at >= until && self.is_there() => {
                self.noise = analysis::noise(&self.capture);
                self.lines.push(match noise_texts(&self.noise).as_slice() {
                    [] => "  nothing moves by itself".to_owned(),
                    noise => format!("  moves by itself, and is left out: {}", noise.join("; ")),
                });
                self.ask_step();
            }
            Stage::Settling { until } if at >= until => self.settled(),
            _ => {}
        }
    }

    fn ask_step(&mut self) {
        if self.step >= STEPS.len() {
            self.stage = Stage::Over;
            return;
        }
        let step = self.step();
        if !self.tried.contains(&step) {
            self.tried.push(step);
        }
        self.round = 1;
        self.action = Action::Do;
        self.ask();
    }

    fn ask(&mut self) {
        let step = self.step();
        self.push_phase(step, self.action, self.round, true);
        let keys = if (self.round, self.action) == (1, Action::Do) {
            format!(
                " (s = {}, r = this step from its beginning, q = stop here)",
                absent(step)
            )
        } else {
            String::new()
        };
        self.lines.push(format!(
            "[{} {}/{ROUNDS}] {}, then press Enter.{keys}",
            name(step),
            self.round,
            request(step, self.action),
        ));
        self.stage = Stage::Asked;
    }

    /// Takes a line that was typed.
    pub fn key(&mut self, at: Duration, key: Option<Key>) {
        match (self.stage, key) {
            (_, Some(Key::Quit)) => self.quit(),
            (Stage::Over | Stage::Settling { .. }, _) => {}
            (_, None) => self
                .lines
                .push("  Enter = done, s = skip, r = repeat, q = quit".to_owned()),
            (Stage::Quiet { .. }, _) => {
                self.lines
                    .push("  a moment: this step ends by itself".to_owned());
            }
            (_, Some(Key::Skip)) => self.skip(),
            (Stage::Asked, Some(Key::Done)) => self.done(at),
            (_, Some(Key::Repeat)) => self.repeat(),
            (Stage::Unsettled, Some(Key::Done)) => self.next_step(),
            (Stage::WayBack, Some(Key::Done)) => self.ask_step(),
        }
    }

    fn done(&mut self, at: Duration) {
        let pulled = self.step() == Step::QuickDisconnect && self.action == Action::Do;
        if !self.is_there() && !pulled {
            self.lines
                .push("  the headset is not there: plug it in, then press Enter".to_owned());
            return;
        }
        self.stage = Stage::Settling { until: at + SETTLE };
    }

    fn settled(&mut self) {
        match (self.action, self.round) {
            (Action::Do, _) => {
                self.action = Action::Undo;
                self.ask();
            }
            (_, round) if round < ROUNDS => {
                self.round += 1;
                self.action = Action::Do;
                self.ask();
            }
            _ => self.judge(),
        }
    }

    /// What the analysis makes of everything so far.
    fn findings(&self) -> Findings {
        analysis::analyze(&self.capture, self.known.as_ref(), &self.tried)
    }

    fn judge(&mut self) {
        let step = self.step();
        let findings = self.findings();
        let found = findings.steps.iter().find(|finding| finding.step == step);
        let settled = found.is_none_or(|finding| finding.outcome.is_settled());
        if let Some(finding) = found {
            self.lines.push(format!("  → {}", sentence(finding)));
        }
        if settled {
            self.next_step();
        } else {
            self.lines
                .push("  Enter = leave it so and go on, r = do it again".to_owned());
            self.stage = Stage::Unsettled;
        }
    }

    fn next_step(&mut self) {
        self.step += 1;
        self.ask_step();
    }

    /// What was done of this step does not count.
    fn discount(&mut self) {
        let step = self.step();
        for phase in &mut self.capture.phases {
            if phase.step == step {
                phase.counted = false;
            }
        }
    }

    fn skip(&mut self) {
        if self.stage != Stage::Unsettled {
            self.discount();
        }
        self.lines
            .push(format!("  {} left out", title(self.step())));
        self.next_step();
    }

    fn repeat(&mut self) {
        let step = self.step();
        self.discount();
        self.push_phase(step, Action::Undo, 1, false);
        self.lines.push(format!(
            "[{}] Once more. {}, then press Enter.",
            name(step),
            way_back(step)
        ));
        self.stage = Stage::WayBack;
    }

    fn quit(&mut self) {
        // What was asked for last was not said to be done.
        if matches!(self.stage, Stage::Asked)
            && let Some(phase) = self.capture.phases.last_mut()
        {
            phase.counted = false;
        }
        self.lines.push("  stopped".to_owned());
        self.stage = Stage::Over;
    }
}

const fn name(step: Step) -> &'static str {
    match step {
        Step::Quiet => "quiet",
        Step::Mute => "mute",
        Step::QuickDisconnect => "quick disconnect",
        Step::Volume => "volume",
        Step::Hook => "hook",
    }
}

#[cfg(test)]
mod tests;
