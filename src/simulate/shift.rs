//! One agent's day: waits, is rung, talks, writes up, and now and then something goes wrong.

use super::dice::Dice;
use super::scene::Call;
use super::troubles::{Sky, Trouble, Weather};
use super::voices::{Speaker, Voice};
use sidetone_devices::simulated::{Desk, Gesture, QuickDisconnect};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

/// What the simulated softphone calls itself.
const SOFTPHONE: &str = "Simulated softphone";

/// Seconds a call takes.
const CALL_S: (f64, f64) = (40.0, 180.0);

/// What the director may know of an agent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Post {
    /// In a call since then until then.
    pub(super) call: Option<(Instant, Instant)>,
    /// Something is wrong already, or about to be.
    pub(super) troubled: bool,
    /// The headset has a quick disconnect.
    pub(super) has_quick_disconnect: bool,
}

/// An agent's post, shared with the director.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedPost(Arc<Mutex<Post>>);

impl SharedPost {
    pub(super) fn now(&self) -> Post {
        *self.post()
    }

    pub(super) fn change(&self, how: impl FnOnce(&mut Post)) {
        how(&mut self.post());
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An agent at work.
#[derive(Debug)]
pub(super) struct Shift {
    pub(super) desk: Desk,
    pub(super) voice: Voice,
    /// Who may call.
    pub(super) speakers: Vec<Arc<Speaker>>,
    pub(super) babble: Arc<[f32]>,
    pub(super) dice: Dice,
    pub(super) post: SharedPost,
    pub(super) troubles: mpsc::Receiver<Trouble>,
}

impl Shift {
    /// Works until dropped; the first call comes within `first_s` seconds.
    pub(super) async fn work(mut self, first_s: f64) {
        let has = self.desk.model().quick_disconnect != QuickDisconnect::None;
        self.post.change(|post| post.has_quick_disconnect = has);
        if let Err(error) = self.desk.plug() {
            return tracing::error!(%error, "a simulated headset cannot be plugged in");
        }
        let mut charge = 60 + self.dice.below(40) as u8;
        let mut idle_s = first_s;
        loop {
            self.desk.gesture(Gesture::Battery(charge));
            charge = charge.saturating_sub(1).max(20);
            let muted = self.idle(idle_s).await;
            self.call(muted).await;
            // Writing up what was said, and waiting for the next one.
            idle_s = self.dice.between(4.0, 12.0) + self.dice.log_normal(6.0, 0.7).min(25.0);
        }
    }

    /// Waits; `true` if the next call is to be taken muted.
    async fn idle(&mut self, seconds: f64) -> bool {
        let end = Instant::now() + duration(seconds);
        let mut muted = false;
        loop {
            tokio::select! {
                () = sleep_until(end) => return muted,
                trouble = self.troubles.recv() => {
                    let Some(trouble) = trouble else { return muted };
                    muted |= trouble == Trouble::MutedAtStart;
                    self.post.change(|post| post.troubled = muted);
                }
            }
        }
    }

    async fn call(&mut self, muted: bool) {
        let sky = Sky::default();
        let (agent, customer) = (self.voice.clone(), self.someone());
        let babble = Arc::clone(&self.babble);
        match Call::new(agent, customer, babble, sky.clone(), &mut self.dice) {
            Ok(call) => self.desk.play(Box::new(call)),
            Err(error) => tracing::error!("a call cannot be made: {error}"),
        }
        self.desk.gesture(Gesture::Hook(true));
        self.pause(0.1, 0.3).await;
        self.desk.softphone(Some(SOFTPHONE));
        let length = self.dice.log_normal(85.0, 0.45).clamp(CALL_S.0, CALL_S.1);
        let (since, until) = (Instant::now(), Instant::now() + duration(length));
        self.post.change(|post| post.call = Some((since, until)));
        if muted {
            self.pause(0.3, 0.9).await;
            self.desk.gesture(Gesture::Mute(true));
            sleep(duration(Trouble::MutedAtStart.lasts_s())).await;
            self.desk.gesture(Gesture::Mute(false));
            self.post.change(|post| post.troubled = false);
        }
        loop {
            tokio::select! {
                () = sleep_until(until) => break,
                Some(trouble) = self.troubles.recv() => {
                    self.suffer(trouble, &sky).await;
                    self.post.change(|post| post.troubled = false);
                }
                () = sleep(duration(self.dice.between(15.0, 60.0))) => {
                    let up = self.dice.chance(0.5);
                    self.desk.gesture(Gesture::Volume { up });
                }
            }
        }
        self.post.change(|post| post.call = None);
        self.desk.softphone(None);
        self.pause(0.1, 0.3).await;
        self.desk.gesture(Gesture::Hook(false));
    }

    /// Lets something go wrong, and mends it.
    async fn suffer(&mut self, trouble: Trouble, sky: &Sky) {
        let lasts = duration(trouble.lasts_s() * self.dice.between(0.85, 1.2));
        match trouble {
            Trouble::QuickDisconnect => {
                self.desk.gesture(Gesture::QuickDisconnect(true));
                sleep(lasts).await;
                self.desk.gesture(Gesture::QuickDisconnect(false));
            }
            Trouble::Unplug => {
                self.desk.unplug();
                sleep(lasts).await;
                if let Err(error) = self.desk.plug() {
                    tracing::error!(%error, "a simulated headset cannot be plugged in again");
                }
                self.pause(0.8, 1.5).await;
                self.desk.gesture(Gesture::Hook(true));
            }
            Trouble::LooseContact => {
                for _ in 0..3 {
                    self.desk.lose_sound(Duration::from_millis(400));
                    sleep(lasts / 3).await;
                }
            }
            // Too late for it: the call runs.
            Trouble::MutedAtStart => {}
            _ => {
                sky.set(Weather::of(trouble));
                sleep(lasts).await;
                sky.set(Weather::default());
            }
        }
    }

    /// Another voice than the agent's.
    fn someone(&mut self) -> Voice {
        let others: Vec<&Arc<Speaker>> = self
            .speakers
            .iter()
            .filter(|speaker| !Arc::ptr_eq(speaker, &self.voice.speaker))
            .collect();
        let chosen = others.get(self.dice.below(others.len()));
        let speaker = chosen.map_or(&self.voice.speaker, |speaker| *speaker);
        // The same speaker sounds like another person lower or higher.
        let pitch = if self.voice.pitch > 1.0 { 0.9 } else { 1.08 };
        Voice {
            speaker: Arc::clone(speaker),
            pitch: pitch + self.dice.between(-0.03, 0.03) as f32,
        }
    }

    async fn pause(&mut self, least: f64, most: f64) {
        let seconds = self.dice.between(least, most);
        sleep(duration(seconds)).await;
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
