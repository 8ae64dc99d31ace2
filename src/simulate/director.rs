//! Decides when something goes wrong, and where: often enough that a supervisor who watches for two
//! minutes sees most kinds of alerts, and so rarely that most agents are fine most of the time.

use super::dice::Dice;
use super::shift::{Post, SharedPost};
use super::troubles::Trouble;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Seconds between two troubles of the whole fleet, and of one agent, on average.
const FLEET_S: f64 = 12.0;
const AGENT_S: f64 = 72.0;

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
    sleep(Duration::from_secs(3)).await;
    loop {
        if deck.is_empty() {
            deck = shuffled(&mut dice);
        }
        let posts: Vec<Post> = agents.iter().map(|agent| agent.post.now()).collect();
        let wait = match choose(&mut deck, &posts, Instant::now(), &mut dice) {
            Some((trouble, number)) => {
                if let Some(agent) = agents.get(number)
                    && agent.tell.try_send(trouble).is_ok()
                {
                    tracing::debug!(agent = number + 1, ?trouble, "something goes wrong");
                    agent.post.change(|post| post.troubled = true);
                }
                every * dice.between(0.7, 1.3)
            }
            None => 1.0,
        };
        sleep(Duration::try_from_secs_f64(wait).unwrap_or_default()).await;
    }
}

fn shuffled(dice: &mut Dice) -> Vec<Trouble> {
    let mut deck = Trouble::ALL.to_vec();
    for last in (1..deck.len()).rev() {
        deck.swap(last, dice.below(last + 1));
    }
    deck
}

/// Takes the first trouble of the deck that can happen to somebody now, and says to whom.
fn choose(
    deck: &mut Vec<Trouble>,
    posts: &[Post],
    now: Instant,
    dice: &mut Dice,
) -> Option<(Trouble, usize)> {
    for place in 0..deck.len() {
        let trouble = *deck.get(place)?;
        let open: Vec<usize> = (0..posts.len())
            .filter(|n| posts.get(*n).is_some_and(|post| fits(trouble, post, now)))
            .collect();
        if let Some(number) = open.get(dice.below(open.len())) {
            deck.remove(place);
            return Some((trouble, *number));
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
        let mut dice = Dice::new(4);
        let mut deck = shuffled(&mut dice);
        let mut seen = Vec::new();
        while let Some((trouble, number)) = choose(&mut deck, &posts, now, &mut dice) {
            assert_eq!(number == 0, trouble == Trouble::MutedAtStart);
            assert!(!seen.contains(&trouble));
            seen.push(trouble);
        }
        assert_eq!(seen.len(), Trouble::ALL.len());
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
