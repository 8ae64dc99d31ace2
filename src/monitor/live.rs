//! `sidetone monitor` in a terminal: one thread listens to the daemon, one to the keys, and the screen
//! follows both. A daemon that ends is waited for.

use super::app::{App, Wish};
use super::screen::{self, Look};
use super::terminal::{self, Screen};
use super::{MonitorError, feed};
use crate::local::Connection;
use crate::local::line::Line;
use crate::uplink::outgoing::now_ms;
use ratatui::crossterm::event::{self, Event};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

/// Times on the screen go on by the second.
const TICK: Duration = Duration::from_millis(500);

/// What waits for the screen; a daemon that says more waits.
const WAITING: usize = 64;

/// What the screen follows.
pub(super) enum Happening {
    /// The daemon said a line, or why it says none.
    Told(Result<Line, String>),
    /// A key, or another size.
    Terminal(Event),
}

/// Shows the daemon of this user until a key or a signal ends it.
///
/// # Errors
/// If there is no daemon at the start, or no terminal.
pub fn live(state_dir: Option<PathBuf>) -> Result<(), MonitorError> {
    terminal::check()?;
    let mut connection = Connection::open(state_dir.as_deref())?;
    let app = App::new(connection.snapshot()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(MonitorError::Terminal)?;
    runtime
        .block_on(follow(app, connection, state_dir))
        .map_err(MonitorError::Terminal)
}

async fn follow(
    mut app: App,
    connection: Connection,
    state_dir: Option<PathBuf>,
) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut stop = signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let look = Look::of_environment();
    let mut screen = Screen::take()?;
    let (tell, mut happenings) = mpsc::channel(WAITING);
    let keys = tell.clone();
    std::thread::Builder::new()
        .name("daemon".to_owned())
        .spawn(move || feed::read(connection, state_dir.as_deref(), &tell))?;
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            while let Ok(event) = event::read() {
                if keys.blocking_send(Happening::Terminal(event)).is_err() {
                    return;
                }
            }
        })?;
    loop {
        screen.draw(|frame| screen::draw(frame, &app, look, now_ms()))?;
        let mut wish = Wish::None;
        tokio::select! {
            Some(happening) = happenings.recv() => {
                wish = take_in(&mut app, happening);
                // Everything that is there before the next picture.
                while let (Wish::None, Ok(next)) = (wish, happenings.try_recv()) {
                    wish = take_in(&mut app, next);
                }
            }
            _ = tick.tick() => {}
            _ = terminate.recv() => wish = Wish::Quit,
            _ = hang_up.recv() => wish = Wish::Quit,
            _ = interrupt.recv() => wish = Wish::Quit,
            _ = stop.recv() => wish = Wish::Stop,
        }
        match wish {
            Wish::None => {}
            Wish::Stop => screen.stop()?,
            Wish::Quit => return Ok(()),
        }
    }
}

fn take_in(app: &mut App, happening: Happening) -> Wish {
    match happening {
        Happening::Told(told) => {
            app.hear(told);
            Wish::None
        }
        Happening::Terminal(event) => app.press(&event),
    }
}
