//! The workstation that is examined: where its files are, who sits there, what is plugged in.

use crate::config::{Config, ConfigError, Loaded, Source, load};
use crate::local::Connection;
use crate::local::state::{BrokerConnection, State};
use crate::sound_card::{SoundCard, sound_cards};
use rustix::fs::OFlags;
use rustix::io::Errno;
use sidetone_devices::audio::pulse::{ServerAddress, ServerError, ServerLook, look};
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_devices::hid::quirks::{QuirkBook, QuirkError};
use sidetone_devices::hid::{Listing, list_below};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Where the system's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// sysfs.
    pub sysfs: PathBuf,
    /// procfs.
    pub proc: PathBuf,
    /// Device nodes.
    pub dev: PathBuf,
    /// `/etc`.
    pub etc: PathBuf,
    /// `/run`.
    pub run: PathBuf,
    /// `/var`.
    pub var: PathBuf,
    /// `/usr/lib` and, where it is another one, `/lib`.
    pub lib: Vec<PathBuf>,
    /// `/` itself.
    pub root: PathBuf,
}

impl Roots {
    /// Below this directory instead of `/`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self {
            sysfs: root.join("sys"),
            proc: root.join("proc"),
            dev: root.join("dev"),
            etc: root.join("etc"),
            run: root.join("run"),
            var: root.join("var"),
            lib: vec![root.join("usr/lib"), root.join("lib")],
            root: root.to_owned(),
        }
    }

    /// Where the file of this absolute path is.
    pub(super) fn below_root(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self::below(Path::new("/"))
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// User id.
    pub id: u32,
    /// Login name, if the system knows one.
    pub name: Option<String>,
    /// Ids of the groups this process belongs to.
    pub groups: Vec<u32>,
}

impl Person {
    /// The user of this process.
    fn this(etc: &Path) -> Self {
        let id = rustix::process::geteuid().as_raw();
        let mut groups = vec![rustix::process::getegid().as_raw()];
        let further = rustix::process::getgroups().unwrap_or_default();
        groups.extend(further.into_iter().map(rustix::process::Gid::as_raw));
        let users = std::fs::read_to_string(etc.join("passwd")).unwrap_or_default();
        let name = users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
        });
        Self { id, name, groups }
    }

    /// How a command names this user.
    pub(super) fn login(&self) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| format!("'#{}'", self.id))
    }
}

/// The workstation. What several checks need is found out once.
#[derive(Debug)]
pub struct Desk {
    /// Where the system's files are.
    pub roots: Roots,
    /// Who asks.
    pub person: Person,
    /// Where the sound server is.
    pub sound: ServerAddress,
    /// Opens a device node as the daemon does, and closes it again.
    pub try_open: fn(&Path) -> Result<(), Errno>,
    /// The file named on the command line.
    pub config_file: Option<PathBuf>,
    /// Whether it is tried what the broker lets this node do.
    pub try_broker: bool,
    pub(super) loaded: Result<Loaded, ConfigError>,
    headsets: OnceLock<Vec<Listing>>,
    quirks: OnceLock<(QuirkBook, Vec<QuirkError>)>,
    server: OnceLock<Result<ServerLook, ServerError>>,
    daemon: OnceLock<Option<State>>,
    at_broker: Mutex<()>,
}

impl Desk {
    /// A desk with this configuration.
    #[must_use]
    pub fn new(roots: Roots, source: Source<'_>) -> Self {
        Self {
            person: Person::this(&roots.etc),
            roots,
            sound: ServerAddress::default(),
            try_open,
            config_file: match source {
                Source::File(file) => Some(file.to_owned()),
                Source::Directory(_) => None,
            },
            try_broker: false,
            loaded: load(source),
            headsets: OnceLock::new(),
            quirks: OnceLock::new(),
            server: OnceLock::new(),
            daemon: OnceLock::new(),
            at_broker: Mutex::new(()),
        }
    }

    /// The configuration, if it is valid.
    pub(super) fn config(&self) -> Option<&Config> {
        self.loaded.as_ref().ok().map(|loaded| &loaded.config)
    }

    /// The quirk files, and what is wrong with some of them.
    pub(super) fn quirks(&self) -> &(QuirkBook, Vec<QuirkError>) {
        self.quirks.get_or_init(|| {
            let mut book = QuirkBook::built_in();
            let directory = self.config().and_then(|c| c.devices.quirks_dir.as_ref());
            let errors = directory.map(|directory| book.add_directory(directory));
            (book, errors.unwrap_or_default())
        })
    }

    /// The headsets with controls.
    pub(super) fn headsets(&self) -> &[Listing] {
        self.headsets
            .get_or_init(|| list_below(&self.roots.sysfs, &self.roots.dev, &self.quirks().0))
    }

    /// The headsets with controls that the configuration wants.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Listing> {
        self.headsets()
            .iter()
            .filter(|listing| self.wants(&listing.identity))
    }

    /// Whether the configuration wants this headset.
    pub(super) fn wants(&self, headset: &HeadsetIdentity) -> bool {
        let Some(config) = self.config() else {
            return true;
        };
        let (include, exclude) = (&config.devices.include, &config.devices.exclude);
        (include.is_empty() || include.iter().any(|one| one.matches(headset)))
            && !exclude.iter().any(|one| one.matches(headset))
    }

    /// The same, if it is connected to a broker of this configuration.
    pub(super) fn connected_daemon(&self) -> Option<&State> {
        let config = self.config()?;
        let state = self.daemon()?;
        let mut brokers = std::iter::once(&config.broker.url).chain(&config.broker.fallback);
        let known = brokers.any(|url| state.broker.url == url.to_string());
        (known && state.broker.connection == BrokerConnection::Connected).then_some(state)
    }

    /// What this node's daemon or station knows, if it runs for this user and answers.
    pub(super) fn daemon(&self) -> Option<&State> {
        let asked = self.daemon.get_or_init(|| {
            let config = self.config()?;
            let place = config.node.effective_state_dir();
            let snapshot = Connection::open(place.as_deref()).ok()?.snapshot().ok()?;
            let state = snapshot.moment.state;
            let name = config.node.effective_name()?;
            (state.node.name == name.as_str()).then_some(state)
        });
        asked.as_ref()
    }

    /// The right to be connected to the broker; two checks would take each other's place.
    pub(super) fn at_broker(&self) -> MutexGuard<'_, ()> {
        self.at_broker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The USB sound cards.
    pub(super) fn cards(&self) -> Vec<(UsbPath, SoundCard)> {
        sound_cards(&self.roots.sysfs)
    }

    /// What the sound server has; asked once, and only if the configuration lets Sidetone use it.
    pub(super) fn server(&self) -> &Result<ServerLook, ServerError> {
        self.server
            .get_or_init(|| look(&self.sound, &self.roots.sysfs))
    }
}

/// For reading and writing, as hidapi does; nothing is read or written.
fn try_open(device: &Path) -> Result<(), Errno> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags.bits().cast_signed())
        .open(device);
    match opened {
        Ok(_) => Ok(()),
        Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
    }
}
