//! One turn of a station: the same parts as in `sidetone run`, with the line to the uplink in place of the uplink.

use super::End;
use super::line::Line;
use crate::config::Config;
use crate::run::calls::Calls;
use crate::run::doors::{Doors, ThisMachine};
use crate::run::half::Half;
use crate::run::parts::{Heard, Parts};
use crate::run::scrape::Scrape;
use crate::run::sight::{BrokerSight, Sight};
use crate::run::window::Window;
use crate::run::{RunError, logging, settings};
use crate::services::message::{View, Welcome};
use crate::services::{ToStation, ToUplink};
use crate::softphone::{Adapter, Signal, SignalKind};
use crate::uplink::identity::Key;
use crate::uplink::{OutboxStats, SentLog};
use sidetone_wire::vocabulary::ClearReason;
use tokio::sync::{mpsc, watch};

/// Why a turn ended; every call and stream has ended with it.
pub(super) enum Ended {
    /// The station is to end.
    Told,
    /// It is another's turn.
    Inactive,
    /// It begins anew: the uplink is another node's, or names headsets otherwise.
    Again(Box<Welcome>),
    /// The uplink speaks another protocol.
    Outdated(String),
}

/// Speaks for the node until the turn ends.
///
/// # Errors
/// [`RunError`], if the system has no room for another thread.
pub(super) async fn speak(
    welcome: Welcome,
    line: &mut Line,
    end: &mut End,
) -> Result<Ended, RunError> {
    let config = own(welcome.config);
    let (node, naming) = (welcome.node, welcome.naming);
    logging::set_level(config.log.level.as_str());
    let (outbox_tx, outbox) = watch::channel(stats(&welcome.view));
    let (broker_tx, broker) = watch::channel(welcome.view.broker);
    let (sent_tx, sent) = watch::channel(SentLog::default());
    let sight = Sight {
        node: node.clone(),
        boot: welcome.boot,
        sent,
        broker: BrokerSight::Told(broker),
    };
    let doors = &ThisMachine;
    let (signals, mut signalled) = mpsc::channel(settings::SIGNALS_WAITING);
    let answers = signals.clone();
    let (tell, mut hear) = mpsc::channel(settings::FINDINGS_WAITING);
    let calls = Calls::start(&config, doors.softphones(), signals);
    let name_headset = settings::name_headset(Key::told(&naming));
    let say = line.say();
    let mut parts = Parts::start(&config, doors, name_headset, calls, tell, say, outbox)?;
    let mut window = Window::open(doors.onlookers(), &config, &sight);
    let mut scrape = Scrape::open(&config, &sight);
    parts.apply(&config).await;
    line.reply(ToUplink::Applied).await;
    tracing::info!(node, "this station speaks for its node");

    let ended = loop {
        let tick = tokio::time::sleep_until(parts.next_tick().into());
        let heard = tokio::select! {
            () = &mut *end => break Ended::Told,
            heard = hear.recv() => heard.unwrap_or(Heard::Tick),
            Some(signal) = signalled.recv() => Heard::Softphone(signal),
            () = tick => Heard::Tick,
            told = line.next() => {
                match told {
                    ToStation::Welcome(again) => {
                        if again.node != node || again.naming != naming {
                            break Ended::Again(again);
                        }
                        let Welcome { config, view, .. } = *again;
                        apply(config, &mut parts, line).await;
                        outbox_tx.send_replace(stats(&view));
                        broker_tx.send_replace(view.broker);
                    }
                    ToStation::Settings(config) => apply(*config, &mut parts, line).await,
                    ToStation::Inactive { reason } => {
                        tracing::info!("this station rests: {reason}");
                        break Ended::Inactive;
                    }
                    ToStation::Restart { version, .. } => break Ended::Outdated(version),
                    ToStation::Gateway { order, answer } => {
                        let answer = answer.into();
                        let kind = SignalKind::Answer { order, answer };
                        let _ = answers.try_send(Signal { adapter: Adapter::Mqtt, kind });
                    }
                    ToStation::Facts { ask } => {
                        let diagnostics = Box::new(parts.facts());
                        line.reply(ToUplink::Facts { ask, diagnostics }).await;
                    }
                    ToStation::Show { ask, text } => {
                        tracing::warn!("{text}");
                        let (shown, replies) = (Half::show(&mut parts, text), line.replies());
                        tokio::spawn(async move {
                            if let Ok(on) = shown.await {
                                let _ = replies.send(ToUplink::Shown { ask, on }).await;
                            }
                        });
                    }
                    ToStation::View(view) => {
                        outbox_tx.send_replace(stats(&view));
                        broker_tx.send_replace(view.broker);
                    }
                    ToStation::Sent { counts, messages } => {
                        sent_tx.send_modify(|log| log.follow(counts, messages));
                    }
                    ToStation::Taken { .. } => {}
                }
                continue;
            }
            ask = scrape.asked() => {
                scrape.answer(ask, &window, &mut parts);
                continue;
            }
            () = window.due() => {
                window.show(&mut parts);
                continue;
            }
        };
        parts.take_in(heard).await;
    };
    drop(window);
    drop(scrape);
    let reason = match ended {
        Ended::Inactive => ClearReason::Suspend,
        _ => ClearReason::Restart,
    };
    parts.end_calls(reason).await;
    // Threads end, and every tap is zeroed, before it is said that it has.
    if tokio::task::spawn_blocking(move || drop(parts))
        .await
        .is_err()
    {
        tracing::error!("a part of the station panicked at its end");
    }
    line.reply(ToUplink::Rested).await;
    Ok(ended)
}

async fn apply(config: Config, parts: &mut Parts, line: &Line) {
    let config = own(config);
    logging::set_level(config.log.level.as_str());
    parts.apply(&config).await;
    line.reply(ToUplink::Applied).await;
}

/// The settings of this user's half: the state directory is the uplink's.
fn own(mut config: Config) -> Config {
    config.node.state_dir = None;
    config
}

fn stats(view: &View) -> OutboxStats {
    OutboxStats {
        records: view.records,
        bytes: view.bytes,
        dropped: view.dropped,
        trouble: None,
    }
}
