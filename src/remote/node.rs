//! The node's side: which documents are in force, and what follows from each that comes.

use super::document::Document;
use super::guard::{Guard, Outcome};
use super::kept::Kept;
use super::layer::Layer;
use super::refusal::{Reason, Refusal};
use crate::config::{Config, SigningKey, differences, overlay};
use sidetone_wire::Topics;
use sidetone_wire::config::{ConfigFault, ConfigKey, ConfigReported, GroupVersion};
use sidetone_wire::name::LevelName;
use std::collections::BTreeMap;
use std::time::Duration;

/// Whether a key's new value is in force only from the daemon's next start on. What opens devices and softphones
/// is not opened anew in the middle of a call.
#[must_use]
pub fn needs_restart(key: &str) -> bool {
    const LIVE: [&str; 7] = [
        "alerts.",
        "telemetry.",
        "privacy.",
        "hold.",
        "log.",
        "node.team",
        "node.site",
    ];
    !LIVE.iter().any(|live| key.starts_with(live))
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in force, but for keys that need a restart; without a version: the layer is taken away.
    Applied(Option<u64>),
    /// It is not.
    Refused(Refusal),
}

/// Something to tell: `config/reported` has changed with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose document.
    pub layer: Layer,
    /// What became of it.
    pub verdict: Verdict,
}

type Documents = BTreeMap<Layer, Document>;

/// The documents of a node.
#[derive(Debug)]
pub struct Remote {
    /// The files' configuration.
    local: Config,
    topics: Topics,
    /// In the order in which they are merged.
    layers: Vec<Layer>,
    kept: Kept,
    /// Of each layer, why its last document is not in force.
    refusals: BTreeMap<Layer, Refusal>,
    /// What is in force, but for keys that need a restart.
    effective: Config,
    /// What the daemon was started with.
    started: Config,
    guard: Guard,
}

impl Remote {
    /// With the workstation's files, and what an earlier start kept. The trial of keys that come into force with
    /// this start begins at `now`.
    #[must_use]
    pub fn new(local: Config, topics: Topics, mut kept: Kept, now: Duration) -> Self {
        let mut layers = vec![Layer::Fleet];
        for group in &local.node.groups {
            let layer = LevelName::new(group.as_str()).map(Layer::Group);
            // Of a group that is named twice the last place counts.
            layers.retain(|known| Some(known) != layer.as_ref().ok());
            layers.extend(layer);
        }
        layers.push(Layer::Node);
        let mut remote = Self {
            effective: local.clone(),
            started: local.clone(),
            local,
            topics,
            layers,
            kept: Kept {
                spoiled: std::mem::take(&mut kept.spoiled),
                ..Kept::default()
            },
            refusals: BTreeMap::new(),
            guard: Guard::default(),
        };
        let proven = remote.recheck(kept.proven);
        let accepted = remote.recheck(kept.accepted);
        let before = remote.compose(&proven).unwrap_or(remote.local.clone());
        remote.kept.proven = proven;
        remote.kept.accepted = accepted;
        if let Ok(effective) = remote.compose(&remote.kept.accepted) {
            remote.effective = effective;
        }
        let changed = differences(&before, &remote.effective);
        if changed.iter().any(|key| needs_restart(key)) {
            remote.guard.begin(now);
        } else {
            remote.kept.proven = remote.kept.accepted.clone();
        }
        remote.started = remote.effective.clone();
        remote
    }

    /// With trials that last so long instead of [`super::PATIENCE`].
    #[must_use]
    pub fn with_trials_of(mut self, patience: Duration) -> Self {
        self.guard.set_patience(patience);
        self
    }

    /// Those of the kept documents that still stand beside the workstation's files.
    fn recheck(&mut self, mut documents: Documents) -> Documents {
        let mut good = Documents::new();
        for layer in self.layers.clone() {
            let Some(document) = documents.remove(&layer) else {
                continue;
            };
            let topic = layer.topic(&self.topics);
            let read = document.reread(&topic, self.key());
            let taken = read.and_then(|document| {
                let mut with = good.clone();
                with.insert(layer.clone(), document);
                self.compose(&with).map(|_| with)
            });
            match taken {
                Ok(with) => good = with,
                Err(refusal) => {
                    self.refusals.insert(layer, refusal);
                }
            }
        }
        good
    }

    fn key(&self) -> Option<&SigningKey> {
        self.local.provisioning.signing_key.as_ref()
    }

    /// The configuration with these documents.
    fn compose(&self, documents: &Documents) -> Result<Config, Refusal> {
        let in_order = self.layers.iter().filter_map(|layer| documents.get(layer));
        overlay(&self.local, in_order.map(Document::set)).map_err(|faults| {
            let faults = faults.into_iter().map(|fault| (fault.key, fault.message));
            Refusal::new(Reason::Conflict, None, faults)
        })
    }

    /// The topics of the documents.
    pub fn filters(&self) -> impl Iterator<Item = String> {
        self.layers.iter().map(|layer| layer.topic(&self.topics))
    }

    /// The configuration in force.
    #[must_use]
    pub fn effective(&self) -> &Config {
        &self.effective
    }

    /// The documents that were taken, in the order in which they are merged.
    pub fn taken(&self) -> impl Iterator<Item = (&Layer, &Document)> {
        let taken = self.layers.iter();
        taken.filter_map(|layer| Some((layer, self.kept.accepted.get(layer)?)))
    }

    /// What must survive a restart.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Something came at a topic. `None` if nothing follows: it is known already, or no document of this node.
    pub fn receive(&mut self, now: Duration, topic: &str, payload: &[u8]) -> Option<Told> {
        let place = self
            .layers
            .iter()
            .position(|layer| layer.topic(&self.topics) == topic);
        let layer = self.layers.get(place?)?.clone();
        match self.judge(&layer, topic, payload) {
            Ok(Some(document)) => {
                let version = document.as_ref().map(Document::version);
                match self.take(now, &layer, document) {
                    Ok(()) => Some(Told {
                        layer,
                        verdict: Verdict::Applied(version),
                    }),
                    Err(mut refusal) => {
                        refusal.version = version;
                        self.refuse(layer, refusal)
                    }
                }
            }
            // The one in force came again; whatever was wrong with another is over.
            Ok(None) => {
                self.refusals.remove(&layer)?;
                let version = self.kept.accepted.get(&layer).map(Document::version);
                Some(Told {
                    layer,
                    verdict: Verdict::Applied(version),
                })
            }
            Err(refusal) => self.refuse(layer, refusal),
        }
    }

    /// `Some(None)` = the layer is to be taken away; `None` = nothing new.
    fn judge(
        &self,
        layer: &Layer,
        topic: &str,
        payload: &[u8],
    ) -> Result<Option<Option<Document>>, Refusal> {
        let in_force = self.kept.accepted.get(layer);
        if payload.is_empty() {
            if self.key().is_some() && in_force.is_some() {
                let message = "an empty message cannot be signed, and config.signing_key is set on this workstation; publish a signed document with an empty `set`";
                return Err(Refusal::whole(Reason::Signature, None, message));
            }
            return Ok(in_force.map(|_| None));
        }
        let document = Document::read(topic, payload, self.key())?;
        let version = document.version();
        let refuse = |reason, message| Err(Refusal::whole(reason, Some(version), message));
        if let Some(old) = in_force {
            if *old == document {
                return Ok(None);
            }
            if version < old.version() {
                let message = format!(
                    "version {version} is older than version {}, which is in force; publish it as a newer one",
                    old.version()
                );
                return refuse(Reason::OldVersion, message);
            }
            if version == old.version() {
                let message = format!(
                    "version {version} is in force with other content; publish this as version {}",
                    version.saturating_add(1)
                );
                return refuse(Reason::OldVersion, message);
            }
        }
        if self
            .kept
            .spoiled
            .get(layer)
            .is_some_and(|spoiled| version <= *spoiled)
        {
            return refuse(Reason::RolledBack, self.rolled_back(version));
        }
        Ok(Some(Some(document)))
    }

    fn take(
        &mut self,
        now: Duration,
        layer: &Layer,
        document: Option<Document>,
    ) -> Result<(), Refusal> {
        let mut with = self.kept.accepted.clone();
        match document {
            Some(document) => with.insert(layer.clone(), document),
            None => with.remove(layer),
        };
        let effective = self.compose(&with)?;
        if effective != self.effective {
            self.guard.begin(now);
        }
        self.effective = effective;
        self.kept.accepted = with;
        self.refusals.remove(layer);
        Ok(())
    }

    /// Told once, however often the broker repeats the document.
    fn refuse(&mut self, layer: Layer, refusal: Refusal) -> Option<Told> {
        let before = self.refusals.insert(layer.clone(), refusal.clone());
        (before.as_ref() != Some(&refusal)).then_some(Told {
            layer,
            verdict: Verdict::Refused(refusal),
        })
    }

    /// How the node stands with its broker.
    pub fn broker(&mut self, now: Duration, connected: bool) {
        self.guard.broker(now, connected);
    }

    /// Time passes: at least once a second. Tells which documents were taken back, if any; [`Remote::kept`] may
    /// have changed even if there are none.
    pub fn tick(&mut self, now: Duration) -> Vec<Told> {
        match self.guard.outcome(now) {
            // What waits for a restart has not been tried yet.
            Some(Outcome::Proven) if self.restart().next().is_none() => {
                self.kept.proven = self.kept.accepted.clone();
                Vec::new()
            }
            Some(Outcome::Spoiled) => self.roll_back(),
            Some(Outcome::Proven) | None => Vec::new(),
        }
    }

    fn roll_back(&mut self) -> Vec<Told> {
        let Ok(before) = self.compose(&self.kept.proven) else {
            return Vec::new();
        };
        let mut told = Vec::new();
        for layer in self.layers.clone() {
            let tried = self.kept.accepted.get(&layer);
            if tried == self.kept.proven.get(&layer) {
                continue;
            }
            let version = tried.map(Document::version);
            if let Some(version) = version {
                self.kept.spoiled.insert(layer.clone(), version);
            }
            let message = self.rolled_back(version.unwrap_or_default());
            let refusal = Refusal::whole(Reason::RolledBack, version, message);
            told.extend(self.refuse(layer, refusal));
        }
        self.kept.accepted = self.kept.proven.clone();
        self.effective = before;
        self.guard.end();
        told
    }

    /// Keys whose new value waits for a restart.
    fn restart(&self) -> impl Iterator<Item = String> {
        let changed = differences(&self.started, &self.effective);
        changed.into_iter().filter(|key| needs_restart(key))
    }

    /// As `config/reported` says it; the signals are known elsewhere.
    #[must_use]
    pub fn reported(&self) -> ConfigReported {
        let version = |layer: &Layer| self.kept.accepted.get(layer).map(Document::version);
        let groups = self.layers.iter().filter_map(|layer| match layer {
            Layer::Group(group) => Some(GroupVersion {
                group: group.to_string(),
                version: version(layer),
            }),
            Layer::Fleet | Layer::Node => None,
        });
        let refusals = self.layers.iter().filter_map(|layer| {
            let refusal = self.refusals.get(layer)?;
            Some(refusal.reported(layer).collect::<Vec<ConfigFault>>())
        });
        let errors: Vec<ConfigFault> = refusals.flatten().collect();
        let restart: Vec<ConfigKey> = self.restart().map(|key| ConfigKey { key }).collect();
        ConfigReported {
            fleet_version: version(&Layer::Fleet),
            group_versions: groups.collect(),
            node_version: version(&Layer::Node),
            applied: errors.is_empty() && restart.is_empty(),
            errors,
            restart,
            ..ConfigReported::default()
        }
    }

    fn rolled_back(&self, version: u64) -> String {
        format!(
            "version {version} was taken back: the broker was away for {} s after it came into force; publish a newer version if it was not to blame",
            self.guard.patience().as_secs()
        )
    }
}
