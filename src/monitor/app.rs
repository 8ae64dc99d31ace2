//! What is looked at: the page, the headset, the place in the messages.

use crate::local::line::{Line, Snapshot};
use crate::local::state::{Headset, Message};
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// Messages kept for scrolling back.
const MESSAGES: usize = 1_000;

/// Messages that a page key passes.
const PAGE: usize = 5;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// What is now.
    Now,
    /// What was sent.
    Sent,
}

/// What a key asks for besides another view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing.
    None,
    /// To end.
    Quit,
    /// To be stopped, as the shell's Ctrl-Z does.
    Stop,
}

/// The viewer's state.
#[derive(Debug)]
pub(super) struct App {
    pub(super) snapshot: Snapshot,
    pub(super) page: Page,
    /// Why nothing new comes.
    pub(super) lost: Option<String>,
    /// The headset the viewer chose, by id; else the one with a call, or the first.
    chosen: Option<String>,
    /// The newest message on the page "sent"; `None` = the newest there is.
    from: Option<u64>,
}

impl App {
    /// The first page of what the daemon said first.
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            page: Page::Now,
            lost: None,
            chosen: None,
            from: None,
        }
    }

    /// Takes in what the daemon said, or why it says nothing.
    pub(super) fn hear(&mut self, told: Result<Line, String>) {
        match told {
            Ok(line) => {
                if matches!(line, Line::Snapshot(_)) {
                    // Another run of the daemon counts anew.
                    self.from = None;
                }
                self.lost = None;
                self.snapshot.follow(line, MESSAGES);
            }
            Err(sentence) => self.lost = Some(sentence),
        }
    }

    /// The headset shown, and which it is.
    pub(super) fn headset(&self) -> Option<(usize, &Headset)> {
        let headsets = &self.snapshot.moment.state.headsets;
        let chosen = self
            .chosen
            .as_ref()
            .and_then(|id| headsets.iter().position(|h| h.id == *id));
        let index = chosen
            .or_else(|| headsets.iter().position(|h| h.call.is_some()))
            .unwrap_or(0);
        headsets.get(index).map(|headset| (index, headset))
    }

    /// The messages on the page "sent", newest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        let from = self.from.unwrap_or(u64::MAX);
        let all = self.snapshot.sent.messages.iter().rev();
        all.skip_while(move |message| message.number > from)
    }

    /// Takes in a key.
    pub(super) fn press(&mut self, event: &Event) -> Wish {
        let Event::Key(key) = event else {
            return Wish::None;
        };
        if key.kind == KeyEventKind::Release {
            return Wish::None;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Wish::Quit,
            KeyCode::Char('z') if control => return Wish::Stop,
            KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.page = match self.page {
                    Page::Now => Page::Sent,
                    Page::Sent => Page::Now,
                };
            }
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            KeyCode::PageUp => self.step(-(PAGE as isize)),
            KeyCode::PageDown => self.step(PAGE as isize),
            KeyCode::Home => self.from = None,
            _ => {}
        }
        Wish::None
    }

    /// Down the list of headsets, or towards older messages.
    fn step(&mut self, by: isize) {
        match self.page {
            Page::Now => {
                let count = self.snapshot.moment.state.headsets.len();
                let next = self
                    .headset()
                    .and_then(|(index, _)| index.checked_add_signed(by.signum()))
                    .filter(|next| *next < count);
                let headset = next.and_then(|next| self.snapshot.moment.state.headsets.get(next));
                self.chosen = headset.map(|h| h.id.clone()).or(self.chosen.take());
            }
            Page::Sent => {
                let messages = &self.snapshot.sent.messages;
                let (Some(oldest), Some(newest)) = (messages.first(), messages.last()) else {
                    return;
                };
                let from = self.from.unwrap_or(newest.number);
                let from = from.saturating_add_signed(-(by as i64));
                self.from = (from < newest.number).then_some(from.max(oldest.number));
            }
        }
    }
}
