//! Whose turn it is: one station speaks for the node, that of the user at the seat.
//!
//! The one whose turn ends is told so and given [`REST`] to end its calls; only then the next one begins, so that no
//! message of one person goes under the name of another.

use std::collections::BTreeSet;
use std::time::Duration;

/// How long a station may take to end its calls.
pub const REST: Duration = Duration::from_secs(2);

/// A connection.
pub type Peer = u64;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// This one is told that it is not its turn any more.
    Rest(Peer),
    /// This one says nothing more: whatever it left is ended.
    Over(Peer),
    /// This one speaks from now on.
    Begin(Peer),
}

/// Who may speak: numeric ids of users.
pub type Admitted = BTreeSet<u32>;

/// Who is there and who speaks.
#[derive(Debug, Default)]
pub struct Turns {
    /// In the order they came, with their users.
    present: Vec<(Peer, u32)>,
    /// `None` = not yet known: nobody begins, and nobody is told to wait.
    admitted: Option<Admitted>,
    speaker: Option<Peer>,
    /// The speaker has been told to rest, and has until then.
    resting: Option<Duration>,
}

impl Turns {
    /// Nobody is there, and nobody knows yet who may speak.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A station came.
    pub fn joined(&mut self, peer: Peer, user: u32) {
        self.present.push((peer, user));
    }

    /// A station went; `true` if it was the one that speaks.
    pub fn left(&mut self, peer: Peer) -> bool {
        self.present.retain(|(one, _)| *one != peer);
        let spoke = self.speaker == Some(peer);
        if spoke {
            (self.speaker, self.resting) = (None, None);
        }
        spoke
    }

    /// The one told to rest has ended its calls.
    pub fn rested(&mut self, peer: Peer) {
        if self.speaker == Some(peer) && self.resting.is_some() {
            self.resting = Some(Duration::ZERO);
        }
    }

    /// Others may speak.
    pub fn admit(&mut self, admitted: Admitted) {
        self.admitted = Some(admitted);
    }

    /// Who speaks.
    #[must_use]
    pub fn speaker(&self) -> Option<Peer> {
        self.speaker
    }

    /// Whether this user may speak.
    #[must_use]
    pub fn admits(&self, user: u32) -> bool {
        self.admitted
            .as_ref()
            .is_some_and(|all| all.contains(&user))
    }

    /// Those who are there and wait for their turn; none as long as nobody knows whose it is.
    pub fn waiting(&self) -> impl Iterator<Item = Peer> + '_ {
        let known = self.present.iter().filter(|_| self.admitted.is_some());
        known
            .map(|(peer, _)| *peer)
            .filter(|peer| self.speaker != Some(*peer))
    }

    /// What is to be done now, in order.
    pub fn settle(&mut self, now: Duration) -> Vec<Turn> {
        let mut turns = Vec::new();
        if let Some(speaker) = self.speaker {
            match self.resting {
                Some(until) if now < until => return turns,
                Some(_) => {
                    turns.push(Turn::Over(speaker));
                    (self.speaker, self.resting) = (None, None);
                }
                None if self.may_speak(speaker) => return turns,
                None => {
                    self.resting = Some(now + REST);
                    return vec![Turn::Rest(speaker)];
                }
            }
        }
        let mut may = self.present.iter().filter(|(_, user)| self.admits(*user));
        if let Some((next, _)) = may.next_back() {
            self.speaker = Some(*next);
            turns.push(Turn::Begin(*next));
        }
        turns
    }

    fn may_speak(&self, peer: Peer) -> bool {
        let mut present = self.present.iter();
        present.any(|(one, user)| *one == peer && self.admits(*user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(user: u32) -> Admitted {
        Admitted::from([user])
    }

    #[test]
    fn the_next_user_waits_until_the_one_before_has_ended_the_calls() {
        let mut turns = Turns::new();
        turns.admit(only(1000));
        turns.joined(1, 1000);
        turns.joined(2, 1001);
        let at = Duration::from_secs;
        assert_eq!(turns.settle(at(0)), [Turn::Begin(1)]);
        turns.admit(only(1001));
        assert_eq!(turns.settle(at(1)), [Turn::Rest(1)]);
        assert_eq!(turns.settle(at(2)), []);
        turns.rested(2);
        assert_eq!(turns.settle(at(2)), [], "somebody else's rest is none");
        turns.rested(1);
        assert_eq!(turns.settle(at(2)), [Turn::Over(1), Turn::Begin(2)]);
        // Back again, and this time the station hangs.
        turns.admit(only(1000));
        assert_eq!(turns.settle(at(3)), [Turn::Rest(2)]);
        assert_eq!(turns.settle(at(5)), [Turn::Over(2), Turn::Begin(1)]);
    }

    #[test]
    fn nobody_at_the_seat_means_nobody_speaks() {
        let mut turns = Turns::new();
        turns.joined(1, 1000);
        assert_eq!(turns.settle(Duration::ZERO), []);
        assert_eq!(turns.waiting().count(), 0, "it may be its turn");
        turns.admit(Admitted::new());
        assert_eq!(turns.settle(Duration::ZERO), []);
        assert_eq!(turns.speaker(), None);
        assert_eq!(turns.waiting().collect::<Vec<_>>(), [1]);
        turns.admit(only(1000));
        assert_eq!(turns.settle(Duration::ZERO), [Turn::Begin(1)]);
        assert!(turns.left(1));
        assert_eq!(turns.settle(Duration::ZERO), []);
    }

    #[test]
    fn a_second_station_of_the_same_user_waits() {
        let mut turns = Turns::new();
        turns.admit(only(1000));
        turns.joined(1, 1000);
        assert_eq!(turns.settle(Duration::ZERO), [Turn::Begin(1)]);
        turns.joined(2, 1000);
        assert_eq!(turns.settle(Duration::ZERO), []);
        assert!(turns.left(1));
        assert_eq!(turns.settle(Duration::ZERO), [Turn::Begin(2)]);
    }
}
