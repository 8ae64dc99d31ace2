//! Situations: what each check says of them, and what to do.

use super::super::Status::{Ok as Fine, Problem, Skipped, Warning};
use super::tree::{HID, Tree};
use rustix::io::Errno;
use std::fs;

const RULE: &str = "SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"047f\", TAG+=\"uaccess\"\n";
const GROUP_RULE: &str =
    "SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"047f\", GROUP=\"plugdev\", MODE=\"0660\"\n";
const ASOUND: &str = "defaults.sidetone.card \"C3220\"\n";

#[test]
fn a_headset_that_may_not_be_opened() {
    let p = "permission";
    let rules = "etc/udev/rules.d";
    let tag = "run/udev/tags/uaccess/c246:0";
    let ours = "70-sidetone-headsets.rules";
    Tree::bare().says(p, Skipped, "no headset", "");
    Tree::headset().opens(|_| Ok(())).says(
        p,
        Fine,
        "hidraw0 (Blackwire 3220 [047f:c056]) can be read",
        "",
    );
    Tree::headset()
        .opens(|_| Err(Errno::NOENT))
        .says(p, Problem, "is not there", "--device");
    Tree::headset().opens(|_| Err(Errno::NODEV)).says(
        p,
        Problem,
        "cannot be opened",
        "plug the headset in again",
    );
    Tree::headset().says(
        p,
        Problem,
        "no udev rule gives 047f:c056",
        "echo 'SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"047f\", ATTRS{idProduct}==\"c056\", TAG+=\"uaccess\"' | sudo tee /etc/udev/rules.d/70-headset-047f-c056.rules",
    );
    Tree::headset()
        .file(&format!("{rules}/99-headset.rules"), RULE)
        .says(
            p,
            Problem,
            "comes after 73-seat-late.rules",
            "/70-headset.rules && sudo udevadm control --reload",
        );
    Tree::headset()
        .file(&format!("usr/lib/udev/rules.d/{ours}"), RULE)
        .file(&format!("{rules}/{ours}"), "")
        .says(p, Problem, "replaces", "sudo rm ");
    let ruled = || Tree::headset().file(&format!("{rules}/{ours}"), RULE);
    ruled().says(
        p,
        Problem,
        "newer than its plugging in",
        "udevadm trigger -s hidraw",
    );
    ruled().file(tag, "").says(
        p,
        Problem,
        "since they sat down",
        "udevadm trigger -s hidraw",
    );
    ruled()
        .file("run/systemd/sessions/2", "UID=1000\nACTIVE=1\nREMOTE=1\n")
        .says(
            p,
            Problem,
            "belongs to the person at the desk, and anna is not",
            "not over SSH",
        );
    let unmanaged = ruled();
    fs::remove_dir_all(unmanaged.root.path().join("run")).unwrap();
    unmanaged.says(p, Problem, "there is no systemd-logind", "GROUP=");
    let grouped = |group: &str| {
        Tree::headset()
            .file(&format!("{rules}/99-group.rules"), GROUP_RULE)
            .file("etc/group", group)
    };
    grouped("").says(p, Problem, "which does not exist", "sudo groupadd");
    grouped("plugdev:x:46:\n").says(
        p,
        Problem,
        "anna is not in it",
        "sudo usermod -aG plugdev anna",
    );
    grouped("plugdev:x:46:bert,anna\n").says(
        p,
        Problem,
        "after logging in",
        "log out and in again",
    );
    grouped("plugdev:x:1000:\n").says(p, Problem, "(group plugdev) is newer", "udevadm trigger");
}

#[test]
fn a_headset_that_is_missing_in_part_or_left_out() {
    let h = "headset";
    Tree::bare().says(h, Problem, "No USB headset is plugged in", "lsusb");
    Tree::headset().says(
        h,
        Fine,
        "Blackwire 3220 [047f:c056]: controls, and sound card C3220 (hw:1)",
        "",
    );
    Tree::bare()
        .hid()
        .says(h, Warning, "its sound card is not there", "snd-usb-audio");
    Tree::bare()
        .card()
        .says(h, Warning, "sound card C3220 (hw:1) only", "directly");
    Tree::headset()
        .file(&format!("{HID}/report_descriptor"), "\u{5}")
        .says(h, Problem, "is not understood", "firmware");
    let left_out = Tree::headset().config("[devices]\nexclude = ['047f:*']\n");
    left_out.says(h, Problem, "devices.exclude (", "devices.exclude");
    left_out.says("permission", Skipped, "no headset", "");
}

#[test]
fn a_sound_card_without_a_sound_server() {
    let s = "sound-card";
    Tree::bare().says(s, Skipped, "No headset has a sound card", "");
    Tree::headset().says(
        s,
        Problem,
        "/etc/asound.conf is not Sidetone's",
        "defaults.sidetone.card \"C3220\"",
    );
    let phone = || Tree::headset().process(4_000_001, &["/usr/bin/linphone"], "/usr/bin/linphone");
    phone().stream(4_000_001).says(
        s,
        Problem,
        "held by linphone (process 4000001)",
        "asound.conf",
    );
    let shared = || Tree::headset().file("etc/asound.conf", ASOUND);
    Tree::headset()
        .file("etc/asound.conf", "defaults.sidetone.card \"Headset\"\n")
        .says(
            s,
            Problem,
            "shares the card \"Headset\", and the headset's is \"C3220\"",
            "\"C3220\"",
        );
    shared().says(
        s,
        Problem,
        "snd-aloop is not loaded",
        "modprobe snd-aloop timer_source=C3220.0.0",
    );
    let source = "sys/module/snd_aloop/parameters/timer_source";
    shared().file(source, "(null),(null)\n").says(
        s,
        Warning,
        "its own clock",
        "timer_source=C3220.0.0",
    );
    shared()
        .file(source, "PCH.0.0,(null)\n")
        .says(s, Warning, "the clock of \"PCH.0.0\"", "C3220");
    shared()
        .file(source, "C3220.0.0,(null)\n")
        .says(s, Fine, "is shared by /etc/asound.conf", "");
    shared().says("sound-server", Fine, "plain ALSA is used instead", "");
    Tree::headset().says(
        "sound-server",
        Problem,
        "No sound server runs in this session",
        "pipewire-pulse",
    );
    Tree::headset().file("run/user/1001/pulse/native", "").says(
        "sound-server",
        Problem,
        "One runs for user 1001",
        "as that user",
    );
    let off = Tree::headset().config("[audio]\nbackend = 'off'\n");
    off.says("sound-server", Skipped, "no sound is ever opened", "");
    off.says(s, Skipped, "no sound is ever opened", "");
}

#[test]
fn a_daemon_that_is_not_as_it_should_be() {
    let s = "service";
    let named = |tree: &Tree| tree.root.path().join("sidetone.toml").display().to_string();
    let with = |tree: Tree, id, exe| {
        let file = named(&tree);
        tree.process(id, &["/usr/bin/sidetone", "run", "-c", &file], exe)
    };
    Tree::bare().says(s, Warning, "No daemon runs with", "sidetone run -c");
    let other = Tree::bare().process(4_000_001, &["sidetone", "run", "-c", "/other.toml"], "/x");
    other.says(s, Warning, "No daemon runs with", "sidetone run -c");
    let this = std::env::current_exe().unwrap();
    let one = || with(Tree::bare(), 4_000_001, this.to_str().unwrap());
    one().says(s, Fine, "The daemon runs (process 4000001, version ", "");
    with(one(), 4_000_002, "/x").says(s, Problem, "2 daemons run", "kill 4000002");
    with(Tree::bare(), 4_000_001, "/usr/bin/sidetone (deleted)").says(
        s,
        Warning,
        "its program file was replaced",
        "systemctl --user restart sidetone",
    );
    one()
        .file("var/lib/systemd/coredump/core.sidetone.1000.zst", "")
        .says(
            s,
            Warning,
            "Sidetone has crashed: 1 core dump",
            "coredumpctl",
        );
    one().says(
        "memory-lock",
        Warning,
        "of the running daemon is 64 KiB",
        "LimitMEMLOCK=8M",
    );
}

#[test]
fn two_services_of_which_one_is_away_old_or_not_at_its_turn() {
    let s = "services";
    Tree::bare().says(s, Skipped, "One process does everything", "");
    let with = |tree: Tree, id: u32, what: &str, user| {
        let file = tree.root.path().join("sidetone.toml");
        let file = file.display().to_string();
        let command = ["/usr/bin/sidetone", what, "-c", &file];
        tree.process_of(user, id, &command, "/usr/bin/sidetone")
    };
    let uplink = |tree| with(tree, 4_000_001, "uplink", 999);
    let station = |tree| with(tree, 4_000_002, "station", 1000);
    let both = || station(uplink(Tree::bare())).socket("run/sidetone/uplink.sock");
    both().says(s, Fine, "its socket is", "");
    both().says("service", Skipped, "Two services do its work", "");
    both().says("secrets", Skipped, "the user sidetone", "");
    assert!(
        both().run(s)[1]
            .summary
            .contains("session 2 is the active one")
    );
    station(Tree::bare()).says(
        s,
        Problem,
        "The uplink does not run",
        "sudo systemctl enable --now sidetone-uplink",
    );
    station(uplink(Tree::bare())).says(
        s,
        Problem,
        "uplink.sock is not there",
        "sudo systemctl restart sidetone-uplink",
    );
    station(uplink(Tree::bare()))
        .file("run/sidetone/uplink.sock", "")
        .says(s, Problem, "is no socket", "sudo rm ");
    let alone = || uplink(Tree::bare()).socket("run/sidetone/uplink.sock");
    alone().says(
        s,
        Problem,
        "No station runs for anna",
        "systemctl --user start sidetone-station",
    );
    with(both(), 4_000_003, "run", 1000).says(
        s,
        Problem,
        "runs beside the two services",
        "systemctl --user stop sidetone",
    );
    // It is another's turn.
    let bert = "run/systemd/sessions/2";
    let his = "UID=1001\nSEAT=seat0\nACTIVE=1\n";
    let rests = both()
        .file(bert, his)
        .file("etc/passwd", "bert:x:1001:1001::/:/bin/sh\n");
    let found = rests.run(s);
    assert!(
        found[1].summary.contains("rests: session 2 of bert"),
        "{found:#?}"
    );
    let his_turn = alone().file(bert, his).run(s);
    assert_eq!(his_turn[1].status, Skipped, "{his_turn:#?}");
    both()
        .without(bert)
        .says(s, Warning, "no session at the desk is active", "log in");
    let listed = |users: &str| {
        both().config(&format!(
            "[uplink]\nsessions = 'listed'\nusers = ['{users}']"
        ))
    };
    assert!(
        listed("anna").run(s)[1]
            .summary
            .contains("one of uplink.users")
    );
    listed("bert").says(
        s,
        Warning,
        "anna is not one of uplink.users",
        "add \"anna\"",
    );
    // Started a day after 1970, long before its program file was written.
    let stat = format!("4000001 (a) b) S {} 8640000 0", ["0"; 18].join(" "));
    both()
        .file("proc/4000001/stat", &stat)
        .file("proc/stat", "cpu 1\nbtime 0\n")
        .file("usr/bin/sidetone", "")
        .says(
            s,
            Warning,
            "The running uplink (process 4000001) is an old one",
            "sudo systemctl restart sidetone-uplink",
        );
}

#[test]
fn a_session_that_is_not_at_the_desk() {
    Tree::bare().says("session", Fine, "anna sits at the desk", "");
    let session = "run/systemd/sessions/2";
    Tree::bare()
        .without(session)
        .says("session", Warning, "has no login session", "at the desk");
    for (text, words) in [
        (
            "UID=1000\nREMOTE=1\nACTIVE=1\n",
            "from afar only (session 2)",
        ),
        (
            "UID=1000\nSEAT=seat0\nACTIVE=0\n",
            "in the background (session 2)",
        ),
        ("UID=1000\nACTIVE=1\n", "no session at a seat (session 2)"),
    ] {
        Tree::bare()
            .file(session, text)
            .says("session", Warning, words, "at the desk");
    }
}

#[test]
fn a_configuration_with_faults_keeps_the_other_checks_from_guessing() {
    let wrong = Tree::headset().config("[broker]\nurl = 'localhost'\n[nod]\n");
    wrong.says(
        "config",
        Problem,
        "sidetone.toml:2:",
        "sidetone config check -c",
    );
    assert_eq!(wrong.run("config").len(), 2, "each fault is told");
    for id in ["state", "secrets", "broker", "certificate"] {
        wrong.says(id, Skipped, "The configuration is not valid", "");
    }
    wrong.says("headset", Fine, "Blackwire 3220", "");
    let right = Tree::bare().config("[node]\norg = 'acme'\n");
    right.says("config", Fine, "1 key set", "");
}

#[test]
fn quirk_files_and_what_they_know() {
    let q = "quirks";
    Tree::bare().says(q, Skipped, "no headset", "");
    Tree::headset().says(q, Fine, "QD is unknown for this model", "");
    let tree = Tree::headset().file("quirks/mine.toml", "[[model]]\nnam = 'x'\n");
    let directory = tree.root.path().join("quirks");
    let tree = tree.config(&format!(
        "[devices]\nquirks_dir = '{}'\n",
        directory.display()
    ));
    tree.says(q, Problem, "mine.toml, line ", "mine.toml");
    fs::remove_dir_all(directory).unwrap();
    tree.says(q, Warning, "(devices.quirks_dir) is not there", "mkdir -p");
}

#[test]
fn secrets_that_are_missing_or_open_to_everybody() {
    let tree = Tree::bare().file("agent.key", "0123456789abcdef0123456789abcdef\n");
    let path = |name: &str| tree.root.path().join(name);
    let config = |key: &str, more: &str| {
        let text = format!(
            "{more}\n[privacy]\nagent_key_file = '{}'\n",
            path(key).display()
        );
        fs::write(path("sidetone.toml"), text).unwrap();
    };
    let mode = |name: &str, mode: u32| {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(path(name), permissions).unwrap();
    };
    config("agent.key", "");
    mode("agent.key", 0o644);
    tree.says(
        "secrets",
        Warning,
        "open to every user of this machine (mode 0644)",
        "sudo chmod o= ",
    );
    mode("agent.key", 0o640);
    tree.says("secrets", Fine, "not by everybody", "");
    config("absent.key", "");
    tree.says(
        "secrets",
        Warning,
        "messages carry no agent",
        "openssl rand -hex 32",
    );
    fs::write(path("agent.key"), "short\n").unwrap();
    config("agent.key", "");
    tree.says(
        "secrets",
        Warning,
        "shorter than 16 bytes",
        "openssl rand -hex 32",
    );
    fs::write(path("agent.key"), "0123456789abcdef0123456789abcdef\n").unwrap();
    let password = path("password").display().to_string();
    config(
        "agent.key",
        &format!("[broker]\nusername = 'x'\npassword_file = '{password}'\n"),
    );
    tree.says(
        "secrets",
        Problem,
        "(broker.password_file) cannot be read",
        "broker.password_file",
    );
}
