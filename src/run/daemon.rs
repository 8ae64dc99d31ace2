//! One daemon from its start to its goodbye. Several may share a runtime: a simulated agent is this
//! daemon with other doors.

use super::calls::Calls;
use super::doors::Doors;
use super::parts::{Heard, Parts};
use super::provision::Provisioned;
use super::scrape::Scrape;
use super::sight::Sight;
use super::window::Window;
use super::{RunError, announce, settings};
use crate::config::Config;
use crate::uplink::Uplink;
use std::future::Future;
use tokio::sync::mpsc;

/// Runs until `end` comes; `local` is what the workstation's files say, `login` whose calls these are.
///
/// # Errors
/// [`RunError`], before anything was opened or sent.
pub(crate) async fn daemon(
    local: &Config,
    login: Option<String>,
    doors: &dyn Doors,
    end: impl Future<Output = ()>,
) -> Result<(), RunError> {
    tokio::pin!(end);
    let (say, said) = mpsc::channel(settings::MESSAGES_WAITING);
    let (signals, mut signalled) = mpsc::channel(settings::SIGNALS_WAITING);
    let topics = settings::topics(local)?;
    let provisioned = Provisioned::read(local, &topics)?;
    let config = &provisioned.config();
    let (mut uplink_config, name_headset) =
        settings::uplink(&topics, local, config, login, &signals)?;
    uplink_config.subscriptions = Some(provisioned.subscriptions());
    let uplink = Uplink::start(uplink_config, said)?;
    let mut provision = provisioned.begin(&uplink);
    let (tell, mut hear) = mpsc::channel(settings::FINDINGS_WAITING);
    let calls = Calls::start(config, doors.softphones(), signals);
    let mut parts = Parts::start(
        config,
        doors,
        name_headset,
        calls,
        tell,
        say,
        uplink.outbox(),
    )?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        boot = uplink.boot(),
        "started"
    );
    let sight = Sight::of(&uplink, config.broker.url.to_string());
    let mut window = Window::open(doors.onlookers(), config, &sight);
    let mut scrape = Scrape::open(config, &sight);
    parts.announce(config).await;
    provision.report(&mut parts).await;

    loop {
        let tick = tokio::time::sleep_until(parts.next_tick().into());
        let heard = tokio::select! {
            () = &mut end => break,
            heard = hear.recv() => heard.unwrap_or(Heard::Tick),
            Some(signal) = signalled.recv() => Heard::Softphone(signal),
            () = tick => Heard::Tick,
            ask = scrape.asked() => {
                scrape.answer(ask, &window, &mut parts);
                continue;
            }
            heard = provision.next() => {
                provision.take(heard, &mut parts).await;
                continue;
            }
            () = window.due() => {
                window.show(&mut parts);
                continue;
            }
        };
        if matches!(heard, Heard::Tick) {
            provision.tick(&mut parts).await;
        }
        parts.take_in(heard).await;
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    drop(window);
    drop(scrape);
    parts.say_goodbye(announce::STOPPED_BY_SIGNAL).await;
    uplink
        .stop(Some(announce::STOPPED_BY_SIGNAL.to_owned()))
        .await;
    // Threads are waited for beside the runtime, which may have other daemons to run.
    if tokio::task::spawn_blocking(move || drop(parts))
        .await
        .is_err()
    {
        tracing::error!("a part of the daemon panicked at its end");
    }
    tracing::info!("stopped");
    Ok(())
}
