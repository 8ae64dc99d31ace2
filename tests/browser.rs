//! The page in a real browser, on a board with a real mosquitto.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/browser.rs"]
mod browser;
#[path = "support/served.rs"]
mod served;

use broker::Broker;
use browser::Browser;
use serde_json::{Value, json};
use served::Served;

const DESKTOP: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);
const NODES: &str = "[...document.querySelectorAll('.tile')].map(t => t.dataset.node).join()";

/// Contrast of each visible text with its ground (WCAG 2.2, 1.4.3): those below 4.5 to 1.
const FAINT_TEXTS: &str = "
    const channels = (c) => c.match(/[\\d.]+/g).map(Number);
    const light = (c) => channels(c).slice(0, 3)
        .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if ((channels(c)[3] ?? 1) === 1) return c;
        }
        return 'rgb(255, 255, 255)';
    };
    const faint = [];
    let looked = 0;
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.closest('.unseen, noscript')) continue;
        looked += 1;
        const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) faint.push(`${e.className} ${e.textContent.trim()} ${contrast.toFixed(2)}`);
    }
    return looked > 20 ? faint : ['nothing to look at'];";

fn alert(severity: &str, state: &str, seq: u64, text: &str) -> Value {
    let mut alert = served::alert(state, seq, text);
    alert["severity"] = json!(severity);
    alert
}

/// Four workstations: a call, two with alerts, one that is lost with an alert that nobody refreshes.
fn fleet(broker: &Broker) {
    for node in ["calm", "bad", "worse", "gone"] {
        broker.say_of(
            node,
            "status",
            &json!({"state": "ready", "version": "0.1.0"}),
            true,
        );
        let headset = json!({"item": "headset-047f-c053-00000001", "name": "Blackwire"});
        broker.say_of(node, "inventory/headset-047f-c053-00000001", &headset, true);
    }
    broker.say_of(
        "bad",
        "alert/double_talk/call",
        &alert("minor", "raised", 1, "Both."),
        true,
    );
    broker.say_of(
        "worse",
        "alert/double_talk/call",
        &alert("critical", "raised", 1, "Worst."),
        true,
    );
    broker.say_of(
        "gone",
        "alert/double_talk/call",
        &alert("major", "raised", 1, "Unknown."),
        true,
    );
    broker.say_of("gone", "status", &json!({"state": "lost"}), true);
}

#[tokio::test]
async fn the_page_lives_and_hostile_text_does_not() {
    let broker = Broker::start("");
    fleet(&broker);
    let board = Served::start(&broker).await;
    let browser = Browser::start().await;
    let url = format!("http://{}/", board.address);
    browser.open(&url, DESKTOP, "light").await;
    browser
        .until(&format!("{NODES} === 'worse,bad,gone,calm'"))
        .await;
    browser
        .until("document.querySelector('#link').textContent === 'Live'")
        .await;
    browser
        .until(
            "document.querySelector('[data-node=gone] .severity').textContent === 'Major, expired'",
        )
        .await;
    assert_eq!(
        browser
            .run("return document.querySelector('#spoken').textContent")
            .await,
        ""
    );

    let hostile = "<script>window.taken = 1</script><img src=x onerror='window.taken = 2'>";
    let raised = alert("major", "raised", 1, hostile);
    broker.say_of("calm", "alert/double_talk/call", &raised, true);
    broker.say_of(
        "calm",
        "telemetry/audio",
        &served::second_of_a_call(),
        false,
    );
    browser
        .until("document.querySelector('[data-node=calm] .text')?.textContent.includes('<script>')")
        .await;
    browser
        .until("document.querySelector('[data-node=calm] .speaks').textContent === 'Agent speaks'")
        .await;
    browser
        .until("document.querySelector('#spoken').textContent.includes('Major at calm')")
        .await;
    browser
        .until(&format!("{NODES} === 'worse,calm,bad,gone'"))
        .await;
    let inert =
        "return [typeof window.taken, document.querySelectorAll('main script, main img').length]";
    assert_eq!(browser.run(inert).await, json!(["undefined", 0]));

    let cleared = alert("major", "cleared", 2, "Over.");
    broker.say_of("calm", "alert/double_talk/call", &cleared, true);
    browser
        .until("!document.querySelector('[data-node=calm] .alert')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn it_fits_reads_well_and_says_what_is_broken() {
    let mut broker = Broker::start("");
    fleet(&broker);
    broker.say_of(
        "calm",
        "telemetry/audio",
        &served::second_of_a_call(),
        false,
    );
    let board = Served::start(&broker).await;
    let browser = Browser::start().await;
    let url = format!("http://{}/", board.address);
    for (size, scheme) in [
        (DESKTOP, "light"),
        (DESKTOP, "dark"),
        (PHONE, "light"),
        (PHONE, "dark"),
    ] {
        browser.open(&url, size, scheme).await;
        browser
            .until("document.querySelectorAll('.tile').length === 4")
            .await;
        broker.say_of(
            "calm",
            "telemetry/audio",
            &served::second_of_a_call(),
            false,
        );
        browser.until("document.querySelector('.speaks').checkVisibility() || document.querySelector('.calls')").await;
        let width = browser
            .run("return document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(
            width.as_i64().unwrap() <= 0,
            "{size:?} scrolls sideways by {width}"
        );
        assert_eq!(
            browser.run(FAINT_TEXTS).await,
            json!([]),
            "{size:?} {scheme}"
        );
    }

    // By keyboard alone: the filter is a group of radio buttons.
    browser
        .run("document.querySelector('input[name=show]').focus()")
        .await;
    browser.key("\u{e014}").await;
    browser.key("\u{e014}").await;
    let seen = "[...document.querySelectorAll('.tile')].filter(t => t.checkVisibility()).map(t => t.dataset.node).join()";
    browser.until(&format!("{seen} === 'worse,bad'")).await;

    broker.kill();
    browser.until("document.querySelector('#notice').textContent.startsWith('No connection to the broker')").await;
    browser
        .until("document.querySelector('#link').textContent === 'Broker lost'")
        .await;
    broker.restart();
    browser
        .until("document.querySelector('#notice').hidden")
        .await;
    drop(board);
    browser.until("document.querySelector('#notice').textContent.startsWith('This page lost its connection')").await;
}
