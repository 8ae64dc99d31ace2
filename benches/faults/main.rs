//! The fault campaign: everything that goes wrong between a workstation and its supervisors, and what is lost by it.
//!
//! `make faults` (200 kills, over 100,000 messages; then a second broker, RabbitMQ over MQTT 3.1.1, with fewer),
//! `make faults-quick`, or `make faults-hour`: a consumer is away for an
//! hour, with the broker and the settling time as they are shipped. A process with the real uplink hands
//! over numbered events and alerts and is killed (`kill -9`) again and again; a real mosquitto is stalled, killed,
//! away; the link between them is cut or half open; the disk is really full (a small tmpfs; without the right to mount, a
//! limit of the file size stands for it). Two consumers with lasting sessions judge:
//! one stays, one is away for whole phases.
//!
//! A message is *promised* 50 ms after the uplink took it (DESIGN §6). The proxy on the line notes what the broker has
//! acknowledged: what a broker loses after that, the node sends again within its settling time; what is lost all the
//! same is counted by itself. Fails if one that was promised is lost, one comes
//! twice after deduplication by (`node`,`boot`,`seq`), overtakes another of its topic, or if an alert does not end
//! exactly once. With `bare` in the arguments the same campaign runs over the MQTT client alone, for comparison.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acknowledged;
#[path = "../../tests/support/broker.rs"]
mod broker;
mod consumer;
mod load;
mod node;
mod proxy;
mod rabbit;
mod server;
mod small_disk;
mod verdict;

use broker::Broker;
use consumer::Consumer;
use node::{Load, Node};
use proxy::{Link, Proxy};
use rabbit::Rabbit;
use server::Server;
use std::time::{Duration, Instant};
use verdict::Verdict;

/// What a production broker is told (packaging/broker), and no limits of its own: it must not be the one who loses.
/// Without `set_tcp_nodelay` it holds acknowledgements back for up to 40 ms, and a long queue drains at 130 a second.
const BROKER: &str = "set_tcp_nodelay true\npersistence true\nautosave_interval 0\nmax_queued_messages 0\nmax_queued_bytes 0\n\
    max_inflight_messages 0\n";

/// The same where it is killed: what it has acknowledged must be on its disk. With a long queue that is too slow.
const SAVING: &str = "set_tcp_nodelay true\npersistence true\nautosave_on_changes true\nautosave_interval 1\n\
    max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\n";

/// As packaging/broker has it, but for the limits.
const SHIPPED: &str = "set_tcp_nodelay true\npersistence true\nautosave_interval 30\nmax_queued_messages 0\n\
    max_queued_bytes 0\nmax_inflight_messages 0\n";

/// Some 400 messages a second. The broker saves at every change; the daemon's own settling time, a minute, would at
/// this load be as many messages as its user makes in months, and each start would repeat them.
const HEAVY: Load = Load {
    turn: Duration::from_millis(10),
    settle: Duration::from_millis(500),
};

/// Some 13 messages a second, still a thousand times a workstation's, and the daemon's own settling time.
const LIGHT: Load = Load {
    turn: Duration::from_millis(400),
    settle: Duration::from_secs(60),
};

/// Some 130 messages a second, for a broker that brings each to its disk before it acknowledges it.
const MEDIUM: Load = Load {
    turn: Duration::from_millis(30),
    settle: Duration::from_millis(500),
};

/// How much of it.
struct Scale {
    daemon_kills: u32,
    broker_kills: u32,
    cuts: u32,
    both: u32,
    stall: Duration,
    away: Duration,
}

const WHOLE: Scale = Scale {
    daemon_kills: 140,
    broker_kills: 15,
    cuts: 30,
    both: 60,
    stall: Duration::from_secs(12),
    away: Duration::from_secs(120),
};

const QUICK: Scale = Scale {
    daemon_kills: 12,
    broker_kills: 2,
    cuts: 4,
    both: 4,
    stall: Duration::from_secs(8),
    away: Duration::from_secs(6),
};

/// Of the second broker, which takes seven seconds to start.
const SECOND: Scale = Scale {
    daemon_kills: 30,
    broker_kills: 4,
    cuts: 8,
    both: 3,
    stall: Duration::from_secs(12),
    away: Duration::from_secs(20),
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|a| a == word);
    if has("--child") {
        return load::run(&arguments);
    }
    let away = arguments.iter().find_map(|a| a.strip_prefix("away="));
    let sound = if let Some(seconds) = away {
        let away = Duration::from_secs(seconds.parse().expect("away=SECONDS"));
        mosquitto(SHIPPED, has("bare"), LIGHT).absence(away)
    } else if has("whole") || has("quick") {
        let scale = if has("whole") { WHOLE } else { QUICK };
        mosquitto(BROKER, has("bare"), HEAVY).run(&scale)
    } else if has("second") {
        let broker = Server::Rabbit(Rabbit::start());
        Campaign::start(broker, has("bare"), MEDIUM).run_second(&SECOND)
    } else {
        // `cargo bench` runs every benchmark; this one takes minutes and is asked for by name.
        return println!(
            "faults: run it with `make faults`, `make faults-quick` or `make faults-hour`"
        );
    };
    // Only now, with broker and consumers ended.
    std::process::exit(i32::from(!sound));
}

fn mosquitto(settings: &str, bare: bool, load: Load) -> Campaign {
    Campaign::start(Server::Mosquitto(Broker::start(settings)), bare, load)
}

/// All of the parts, and the sequence of what goes wrong.
struct Campaign {
    broker: Server,
    proxy: Proxy,
    node: Node,
    stays: Consumer,
    goes: Consumer,
    verdict: Verdict,
    /// When the broker was started again while a consumer was away for long.
    restarts: Vec<Instant>,
    random: Random,
}

impl Campaign {
    fn start(broker: Server, bare: bool, load: Load) -> Self {
        let (port, version) = (broker.port(), broker.version());
        let proxy = Proxy::start(port);
        let stays = Consumer::new("stays", port, version);
        let goes = Consumer::new("goes", port, version);
        stays.come();
        goes.come();
        let node = Node::new(proxy.port, bare, load);
        println!("{}", Verdict::header());
        Self {
            broker,
            proxy,
            node,
            stays,
            goes,
            verdict: Verdict::default(),
            restarts: Vec::new(),
            random: Random(0x5eed),
        }
    }

    /// Whether all was as it must be.
    fn run(mut self, scale: &Scale) -> bool {
        let started = Instant::now();
        self.one_at_a_time(scale);
        self.full_disk();
        self.at_once(scale);
        self.end(started)
    }

    /// The same against the other broker. A full disk is the daemon's own matter, whatever the broker.
    fn run_second(mut self, scale: &Scale) -> bool {
        let started = Instant::now();
        self.one_at_a_time(scale);
        self.at_once(scale);
        self.end(started)
    }

    fn end(self, started: Instant) -> bool {
        println!("{:.0} s", started.elapsed().as_secs_f64());
        let sound = self.verdict.total(&self.node, &self.proxy.acknowledged);
        sound || self.node.bare
    }

    /// The daemon, the link, the broker.
    fn one_at_a_time(&mut self, scale: &Scale) {
        self.node.start();
        self.goes.leave();
        for _ in 0..scale.daemon_kills {
            self.pause(0.1, 1.6);
            self.node.kill_and_start();
        }
        self.judge(&format!("daemon killed {} times", scale.daemon_kills));

        self.goes.leave();
        for n in 0..scale.cuts {
            self.pause(0.1, 1.0);
            // Half open for longer than the keep-alive, now and then.
            let (link, seconds) = if n % 4 == 3 {
                (Link::HalfOpen, 9.0)
            } else {
                (Link::Cut, 0.5)
            };
            self.proxy.set(link);
            self.pause(seconds, seconds * 1.2);
            self.proxy.set(Link::Open);
        }
        self.judge(&format!("link cut or half open {} times", scale.cuts));

        self.broker.reconfigure(SAVING);
        for _ in 0..scale.broker_kills {
            self.pause(0.5, 2.0);
            self.broker.kill();
            self.pause(0.0, 2.0);
            self.broker.restart();
        }
        self.judge(&format!("broker killed {} times", scale.broker_kills));

        self.broker.stall();
        std::thread::sleep(scale.stall);
        self.broker.kill();
        self.broker.restart();
        self.judge(&format!(
            "broker stalled {} s, then killed",
            scale.stall.as_secs()
        ));

        self.broker.kill();
        let until = Instant::now() + scale.away;
        while Instant::now() < until {
            self.pause(1.0, 4.0);
            self.node.kill_and_start();
        }
        self.broker.restart();
        self.judge(&format!(
            "broker away {} s, daemon killed meanwhile",
            scale.away.as_secs()
        ));
    }

    /// The daemon's disk, and what else may go wrong meanwhile.
    fn full_disk(&mut self) {
        let small_disk = self.node.use_small_disk(true);
        self.pause(1.0, 2.0);
        self.node.fill_disk(true);
        self.pause(3.0, 4.0);
        self.broker.kill();
        self.pause(2.0, 3.0);
        self.broker.restart();
        self.pause(1.0, 2.0);
        self.node.fill_disk(false);
        // Tried again every five seconds; after that a kill must lose nothing.
        std::thread::sleep(Duration::from_secs(6));
        self.broker.kill();
        self.pause(0.5, 1.0);
        self.node.kill_and_start();
        self.broker.restart();
        let full = self.node.bare || self.node.had_trouble();
        assert!(
            full,
            "the disk was never full: neither a small disk nor the limit of the file size works"
        );
        let disk = if small_disk { "tmpfs" } else { "limit" };
        self.judge(&format!(
            "disk full ({disk}), broker killed in it; then both killed"
        ));
        self.node.use_small_disk(false);
    }

    fn at_once(&mut self, scale: &Scale) {
        for n in 0..scale.both {
            self.pause(0.1, 1.2);
            match n % 3 {
                0 => {
                    self.broker.kill();
                    self.node.kill_and_start();
                    self.pause(0.0, 0.6);
                    self.broker.restart();
                }
                1 => {
                    self.proxy.set(Link::Cut);
                    self.node.kill_and_start();
                    self.proxy.set(Link::Open);
                }
                _ => {
                    self.node.kill_and_start();
                    self.broker.kill();
                    self.broker.restart();
                }
            }
        }
        self.judge("daemon and broker or link at once");
    }

    /// One consumer is away so long, while now and then the daemon or the broker is killed, or the link is cut.
    fn absence(mut self, away: Duration) -> bool {
        let until = Instant::now() + away;
        self.node.start();
        self.goes.leave();
        let mut faults = 0;
        while Instant::now() < until {
            self.pause(20.0, 160.0);
            match faults % 3 {
                0 => self.node.kill_and_start(),
                1 => {
                    self.broker.kill();
                    self.pause(0.0, 5.0);
                    self.broker.restart();
                    self.restarts.push(Instant::now());
                }
                _ => {
                    self.proxy.set(Link::Cut);
                    self.pause(0.0, 5.0);
                    self.proxy.set(Link::Open);
                }
            }
            faults += 1;
        }
        self.judge(&format!(
            "consumer away {} s; {faults} times daemon or broker killed or link cut",
            away.as_secs()
        ));
        self.verdict.total(&self.node, &self.proxy.acknowledged)
    }

    fn pause(&mut self, least_s: f64, most_s: f64) {
        let seconds = least_s + (most_s - least_s) * self.random.unit();
        std::thread::sleep(Duration::from_secs_f64(seconds));
    }

    /// Lets everything arrive, and counts.
    fn judge(&mut self, phase: &str) {
        self.goes.come();
        self.node.settle();
        self.stays.quiet();
        self.goes.quiet();
        self.verdict.phase(
            phase,
            &self.node,
            [&self.stays, &self.goes],
            (&self.proxy.acknowledged, &self.restarts),
        );
        self.node.go_on();
    }
}

/// A small generator with a fixed seed (xorshift, Marsaglia 2003): the same campaign each time.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
