//! Decides when something goes wrong, and where: often enough that a supervisor who watches for two
//! minutes sees most kinds of alerts, and so rarely that most agents are fine most of the time.

use super::dice::Dice;
use super::shift::{Post, SharedPost};
use super::troubles::Trouble;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Seconds between two troubles of the whole fleet, and of one agent, on average.
const FLEET_S: f64 = 11.0;
const AGENT_S: f64 = 66.0;

/// An agent as the director reaches him.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) post: SharedPost,
    pub(super) tell: mpsc::Sender<Trouble>,
}

/// Lets things go wrong until dropped.
pub(super) async fn direct(agents: Vec<Reach>, mut dice: Dice) {
    let every = (AGENT_S / agents.len().max(1) as f64).max(FLEET_S);
    let mut deck = Vec::new();
    let mut suffered = vec![0_u32; agents.len()];
    sleep(Duration::from_secs(3)).await;
    loop {
        if deck.is_empty() {
            deck = shuffled(&mut dice);
        }
        let posts: Vec<Post> = agents.iter().map(|agent| agent.post.now()).collect();
        let wait = match choose(&mut deck, &posts, &suffered, Instant::now()) {
            Some((trouble, number)) => {
                if let Some(agent) = agents.get(number)
                    && agent.tell.try_send(trouble).is_ok()
                {
                    tracing::debug!(agent = number + 1, ?trouble, "something goes wrong");
                    agent.post.change(|post| post.troubled = true);
                }
                if let Some(count) = suffered.get_mut(number) {
                    *count += 1;
                }
                every * dice.between(0.7, 1.3)
            }
            None => 1.0,
        };
        sleep(Duration::try_from_secs_f64(wait).unwrap_or_default()).await;
    }
}

/// All troubles; of those that give the same kind of alert, all but one come at the end.
fn shuffled(dice: &mut Dice) -> Vec<Trouble> {
    let mut all = Trouble::ALL.to_vec();
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last + 1));
    }
    let (mut deck, mut later) = (Vec::new(), Vec::new());
    for trouble in all {
        let known = deck.iter().any(|other| trouble.is_like(*other));
        if known { &mut later } else { &mut deck }.push(trouble);
    }
    deck.extend(later);
    deck
}

/// Takes the first trouble of the deck that can happen to somebody now, and says to whom: of several to
/// who has suffered least.
fn choose(
    deck: &mut Vec<Trouble>,
    posts: &[Post],
    suffered: &[u32],
    now: Instant,
) -> Option<(Trouble, usize)> {
    for place in 0..deck.len() {
        let trouble = *deck.get(place)?;
        let open = posts.iter().zip(suffered).enumerate();
        let chosen = open
            .filter(|(_, (post, _))| fits(trouble, post, now))
            .min_by_key(|(_, (_, count))| **count);
        if let Some((number, _)) = chosen {
            deck.remove(place);
            return Some((trouble, number));
        }
    }
    None
}

/// Whether it can happen to this agent, and be over before the call is.
fn fits(trouble: Trouble, post: &Post, now: Instant) -> bool {
    if post.troubled {
        return false;
    }
    match (trouble, post.call) {
        (Trouble::MutedAtStart, call) => call.is_none(),
        (_, None) => false,
        (_, Some((since, until))) => {
            let settled = now.saturating_duration_since(since) >= Duration::from_secs(8);
            let left = until.saturating_duration_since(now).as_secs_f64();
            let has = trouble != Trouble::QuickDisconnect || post.has_quick_disconnect;
            settled && has && left > trouble.lasts_s() * 1.2 + 4.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_call(now: Instant, left_s: u64) -> Post {
        Post {
            call: Some((
                now - Duration::from_secs(20),
                now + Duration::from_secs(left_s),
            )),
            troubled: false,
            has_quick_disconnect: false,
        }
    }

    #[test]
    fn a_whole_deck_comes_round_before_one_comes_again() {
        let now = Instant::now() + Duration::from_secs(60);
        let posts = [
            Post::default(),
            Post {
                has_quick_disconnect: true,
                ..in_call(now, 100)
            },
        ];
        let mut deck = shuffled(&mut Dice::new(4));
        let mut seen = Vec::new();
        while let Some((trouble, number)) = choose(&mut deck, &posts, &[0, 0], now) {
            assert_eq!(number == 0, trouble == Trouble::MutedAtStart);
            assert!(!seen.contains(&trouble));
            seen.push(trouble);
        }
        assert_eq!(seen.len(), Trouble::ALL.len());
        let kinds = seen[..8].iter().enumerate();
        let repeated = kinds.filter(|(n, a)| seen[..*n].iter().any(|b| a.is_like(*b)));
        assert_eq!(repeated.count(), 0, "first one of each kind: {seen:?}");
    }

    #[test]
    fn of_two_it_happens_to_who_has_suffered_less() {
        let now = Instant::now() + Duration::from_secs(60);
        let posts = [in_call(now, 100), in_call(now, 100)];
        let chosen = choose(&mut vec![Trouble::Hum], &posts, &[3, 1], now);
        assert_eq!(chosen, Some((Trouble::Hum, 1)));
    }

    #[test]
    fn nothing_happens_to_who_is_troubled_or_about_to_hang_up_or_has_not_the_part() {
        let now = Instant::now() + Duration::from_secs(60);
        let troubled = Post {
            troubled: true,
            ..in_call(now, 100)
        };
        assert!(!fits(Trouble::Noise, &troubled, now));
        assert!(!fits(Trouble::Noise, &in_call(now, 20), now));
        assert!(fits(Trouble::Noise, &in_call(now, 60), now));
        assert!(!fits(Trouble::QuickDisconnect, &in_call(now, 60), now));
        assert!(!fits(Trouble::MutedAtStart, &in_call(now, 60), now));
        assert!(!fits(Trouble::Hum, &Post::default(), now));
    }
}
