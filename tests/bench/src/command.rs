//! The language in which a test moves the headset: one command per line.
//!
//! ```text
//! plug | unplug | quit | stats
//! hook 0|1   busy 0|1   mute   flash   volume +|-   vendor HEX HEX ..
//! qd 0|1     mute_state 0|1
//! mic NAME.wav [loop] | mic silence | mic off      gain DB
//! leak DB DELAY_MS | leak off      noise NAME.wav DBOV | noise off
//! hum HZ DBOV | hum off            crackle PER_MIN | crackle off
//! ```

use crate::faults::Decibel;
use crate::report::Press;
use std::str::FromStr;
use thiserror::Error;

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Plug the headset in.
    Plug,
    /// Pull it out.
    Unplug,
    /// End the program.
    Quit,
    /// Print what went through.
    Stats,
    /// Lift (`true`) or put down the receiver.
    Hook(bool),
    /// The device is in a call (`true`) or not.
    Busy(bool),
    /// Press a button. The mute button also toggles the headset's own mute.
    Press(Press),
    /// Press volume up (`true`) or down.
    Volume(bool),
    /// Send a vendor report.
    Vendor(Vec<u8>),
    /// Open (`true`) or close the quick disconnect; a vendor report tells it.
    QuickDisconnect(bool),
    /// Mute (`true`) or un-mute in the headset; a vendor report tells it.
    MuteState(bool),
    /// Play a recording into the microphone.
    Speak {
        /// Its file name.
        name: String,
        /// Again and again.
        repeat: bool,
    },
    /// Say nothing.
    Silence,
    /// Nothing but digital zeros.
    Off,
    /// Loudness of the agent's voice.
    Gain(Decibel),
    /// Leak the earpiece into the microphone, or stop.
    Leak(Option<(Decibel, u64)>),
    /// Hum of so many hertz, or stop.
    Hum(Option<(f64, Decibel)>),
    /// So many impulses a minute, or stop.
    Crackle(Option<f64>),
    /// A noisy room, or a quiet one.
    Noise(Option<(String, Decibel)>),
}

/// A line that is no command.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{line}' is not a command; see the list at the top of tests/bench/src/command.rs")]
pub struct CommandError {
    line: String,
}

impl FromStr for Command {
    type Err = CommandError;

    fn from_str(line: &str) -> Result<Self, CommandError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        parse(&words).ok_or_else(|| CommandError {
            line: line.to_owned(),
        })
    }
}

fn parse(words: &[&str]) -> Option<Command> {
    Some(match words {
        ["plug"] => Command::Plug,
        ["unplug"] => Command::Unplug,
        ["quit"] => Command::Quit,
        ["stats"] => Command::Stats,
        ["hook", on] => Command::Hook(switch(on)?),
        ["busy", on] => Command::Busy(switch(on)?),
        ["mute"] => Command::Press(Press::Mute),
        ["flash"] => Command::Press(Press::Flash),
        ["volume", "+"] => Command::Volume(true),
        ["volume", "-"] => Command::Volume(false),
        ["vendor", bytes @ ..] => Command::Vendor(hex(bytes)?),
        ["qd", on] => Command::QuickDisconnect(switch(on)?),
        ["mute_state", on] => Command::MuteState(switch(on)?),
        ["mic", "silence"] => Command::Silence,
        ["mic", "off"] => Command::Off,
        ["mic", name] => speak(name, false),
        ["mic", name, "loop"] => speak(name, true),
        ["gain", level] => Command::Gain(decibel(level)?),
        ["leak", "off"] => Command::Leak(None),
        ["leak", level, delay] => Command::Leak(Some((decibel(level)?, delay.parse().ok()?))),
        ["hum", "off"] => Command::Hum(None),
        ["hum", hertz, level] => Command::Hum(Some((number(hertz)?, decibel(level)?))),
        ["crackle", "off"] => Command::Crackle(None),
        ["crackle", rate] => Command::Crackle(Some(number(rate)?)),
        ["noise", "off"] => Command::Noise(None),
        ["noise", name, level] => Command::Noise(Some(((*name).to_owned(), decibel(level)?))),
        _ => return None,
    })
}

fn speak(name: &str, repeat: bool) -> Command {
    Command::Speak {
        name: name.to_owned(),
        repeat,
    }
}

fn switch(word: &str) -> Option<bool> {
    match word {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|n: &f64| n.is_finite())
}

fn decibel(word: &str) -> Option<Decibel> {
    number(word).map(Decibel)
}

fn hex(words: &[&str]) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> = words
        .iter()
        .map(|w| u8::from_str_radix(w, 16).ok())
        .collect();
    bytes.filter(|b| !b.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_language_is_read() {
        let forms = [
            ("plug", Command::Plug),
            ("hook 1", Command::Hook(true)),
            ("volume -", Command::Volume(false)),
            ("vendor 51 01 ff", Command::Vendor(vec![0x51, 1, 0xff])),
            ("qd 0", Command::QuickDisconnect(false)),
            ("mic agent.wav loop", speak("agent.wav", true)),
            ("mic off", Command::Off),
            ("mic silence", Command::Silence),
            ("leak -20 35", Command::Leak(Some((Decibel(-20.0), 35)))),
            ("hum 50 -45.5", Command::Hum(Some((50.0, Decibel(-45.5))))),
            ("crackle off", Command::Crackle(None)),
        ];
        for (line, command) in forms {
            assert_eq!(line.parse(), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_named() {
        for line in [
            "",
            "hook",
            "hook 2",
            "vendor",
            "vendor zz",
            "leak -20",
            "hum 50 loud",
            "gain inf",
        ] {
            let error = line.parse::<Command>().unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }
}
