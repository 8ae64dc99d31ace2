use super::*;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

fn plan(root: &TempDir) -> Plan {
    Plan {
        root: root.path().to_owned(),
        dir: "/etc/sidetone/spokes".into(),
        sites: vec!["https://apps.example.com".parse().unwrap()],
        configure: true,
        group: None,
    }
}

fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(root).unwrap().display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_installed_is_removed_without_a_trace() {
    let root = TempDir::new().unwrap();
    let installed = install(&plan(&root)).unwrap();
    assert_eq!(installed.hints, Vec::<String>::new());
    for file in &installed.files {
        let mode = fs::metadata(file).unwrap().permissions().mode() & 0o777;
        let expected = if file.ends_with(KEY) { 0o600 } else { 0o644 };
        assert_eq!(mode, expected, "{}", file.display());
    }
    let policy = root
        .path()
        .join("etc/chromium/policies/managed/sidetone.json");
    let policy: Value = serde_json::from_slice(&fs::read(policy).unwrap()).unwrap();
    for key in [
        "LocalNetworkAccessAllowedForUrls",
        "LoopbackNetworkAllowedForUrls",
    ] {
        assert_eq!(policy[key][0], "https://apps.example.com", "{key}");
    }
    assert!(policy["CACertificates"][0].is_string());
    assert_eq!(
        uninstall(root.path(), &plan(&root).dir).unwrap(),
        Vec::<PathBuf>::new()
    );
    assert_eq!(tree(root.path()), Vec::<String>::new());
    let again = uninstall(root.path(), &plan(&root).dir).unwrap_err();
    assert!(matches!(again, InstallError::NothingInstalled(_)));
}

#[test]
fn what_is_written_into_the_configuration_is_a_configuration() {
    let root = TempDir::new().unwrap();
    install(&plan(&root)).unwrap();
    let file = root.path().join("etc/sidetone/spokes.toml");
    let loaded = crate::config::load(crate::config::Source::File(&file)).unwrap();
    assert_eq!(loaded.config.spokes.origins, plan(&root).sites);
}

#[test]
fn what_another_wrote_stays_and_is_told() {
    let root = TempDir::new().unwrap();
    let managed = root.path().join("etc/chromium/policies/managed");
    let firefox = root.path().join("etc/firefox/policies/policies.json");
    fs::create_dir_all(&managed).unwrap();
    fs::create_dir_all(firefox.parent().unwrap()).unwrap();
    fs::write(managed.join("corp.json"), r#"{"CACertificates": []}"#).unwrap();
    fs::write(&firefox, "{}").unwrap();
    let before = tree(root.path());
    let installed = install(&plan(&root)).unwrap();
    let hints = installed.hints.join("\n");
    assert!(
        hints.contains("corp.json sets CACertificates too"),
        "{hints}"
    );
    assert!(hints.contains("for Firefox, add"), "{hints}");
    assert_eq!(fs::read_to_string(&firefox).unwrap(), "{}");
    uninstall(root.path(), &plan(&root).dir).unwrap();
    assert_eq!(tree(root.path()), before);
}

#[test]
fn installing_again_renews_but_not_over_anothers_changes() {
    let root = TempDir::new().unwrap();
    install(&plan(&root)).unwrap();
    let key = root.path().join("etc/sidetone/spokes").join(KEY);
    let first = fs::read(&key).unwrap();
    let without_config = Plan {
        configure: false,
        ..plan(&root)
    };
    install(&without_config).unwrap();
    assert_ne!(fs::read(&key).unwrap(), first);

    let policy = root
        .path()
        .join("etc/opt/edge/policies/managed/sidetone.json");
    fs::write(&policy, "{}").unwrap();
    let renewed = fs::read(&key).unwrap();
    let refused = install(&plan(&root)).unwrap_err();
    assert!(
        matches!(&refused, InstallError::Anothers(path) if *path == policy),
        "{refused}"
    );
    assert_eq!(fs::read(&key).unwrap(), renewed, "nothing was written");
    let left = uninstall(root.path(), &plan(&root).dir).unwrap();
    let edge = "/etc/opt/edge/policies/managed/sidetone.json";
    assert_eq!(left, [PathBuf::from(edge)]);
    assert!(!root.path().join("etc/sidetone").exists());
}

#[test]
fn the_service_can_use_what_was_installed() {
    let root = TempDir::new().unwrap();
    install(&plan(&root)).unwrap();
    let dir = root.path().join("etc/sidetone/spokes");
    let credentials = crate::softphone::spokes::credentials::Credentials::load(&dir).unwrap();
    credentials.acceptor().unwrap();
    fs::remove_file(dir.join(KEY)).unwrap();
    let missing = crate::softphone::spokes::credentials::Credentials::load(&dir).unwrap_err();
    assert!(
        missing
            .to_string()
            .ends_with("run `sudo sidetone spokes install`"),
        "{missing}"
    );
}

#[test]
fn a_group_is_a_number_or_a_known_name() {
    assert_eq!(group("4711").unwrap(), 4711);
    assert_eq!(group("root").unwrap(), 0);
    let unknown = group("no-such-group-here").unwrap_err();
    assert!(unknown.to_string().contains("no-such-group-here"));
}
