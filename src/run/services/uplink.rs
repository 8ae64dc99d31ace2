//! `sidetone uplink`: the half that knows the broker and no headset.

use super::End;
use super::door::Door;
use super::house::{House, Setup, no_session};
use super::watch as seat;
use crate::config::Config;
use crate::run::provision::Provisioned;
use crate::run::sight::BrokerSight;
use crate::run::watchdog::{Signs, Watchdog};
use crate::run::{RunError, announce, settings};
use crate::services::standing::Standing;
use crate::uplink::Uplink;
use crate::uplink::config::Left;
use crate::uplink::identity::Key;
use crate::uplink::outgoing::now_ms;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

/// Messages of stations that may wait.
const WAITING: usize = 256;

/// How often what changed is shown to the station, and the watchdog fed.
const TICK: Duration = Duration::from_secs(1);

/// Runs until `end` comes.
///
/// # Errors
/// [`RunError`], before anything was sent.
pub(super) async fn uplink(local: &Config, mut end: End) -> Result<(), RunError> {
    let (came_in, mut came) = mpsc::channel(WAITING);
    // First of all: who cannot be reached by stations must not end the alerts of one who is.
    let door = Door::open(&local.uplink.socket, came_in)?;
    let (say, said) = mpsc::channel(settings::MESSAGES_WAITING);
    let (signals, mut signalled) = mpsc::channel(settings::SIGNALS_WAITING);
    let topics = settings::topics(local)?;
    let provisioned = Provisioned::read(local, &topics)?;
    let config = provisioned.config();
    let (mut uplink_config, _) = settings::uplink(&topics, local, &config, None, &signals)?;
    uplink_config.subscriptions = Some(provisioned.subscriptions());
    uplink_config.left = Left::HandedOut;
    let naming = Key::of_node(&uplink_config.state_dir).map_err(settings::SettingsError::from)?;
    let mut uplink = Uplink::start(uplink_config, said)?;
    let (alerts, calls) = uplink.take_left();
    let standing = Standing::new(alerts, calls);
    let (present_tx, present) = watch::channel(0);
    let mut admit = seat::start(&local.uplink, present);
    let mut provision = provisioned.begin(&uplink);
    for message in announce::started(now_ms(), &config).chain([no_session()]) {
        let _ = say.send(message).await;
    }
    let mut house = House::new(Setup {
        say: say.clone(),
        orders: uplink.orders(),
        standing,
        node: uplink.node().to_string(),
        boot: uplink.boot(),
        naming: naming.text().unwrap_or_default(),
        broker: BrokerSight::of(&uplink, config.broker.url.to_string()),
        outbox: uplink.outbox(),
        sent: uplink.sent(),
        present: present_tx,
        config,
    });
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        boot = uplink.boot(),
        socket = %local.uplink.socket.display(),
        "started"
    );
    provision.report(&mut house).await;
    let mut watchdog = Watchdog::from_environment();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut end => break,
            Some(came) = came.recv() => house.take(came).await,
            Some(signal) = signalled.recv() => house.signal(signal),
            Some(admitted) = admit.recv() => house.admit(admitted).await,
            heard = provision.next() => provision.take(heard, &mut house).await,
            _ = tick.tick() => {
                provision.tick(&mut house).await;
                house.tick().await;
                watchdog.tick(Signs { supervisor: None, sound: None });
            }
        }
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    drop(door);
    house.end().await;
    let stopped = announce::stopped(now_ms(), announce::STOPPED_BY_SIGNAL);
    let _ = say.send(stopped).await;
    uplink
        .stop(Some(announce::STOPPED_BY_SIGNAL.to_owned()))
        .await;
    tracing::info!("stopped");
    Ok(())
}
