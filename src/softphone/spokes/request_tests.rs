use super::*;
use proptest::prelude::*;

fn parsed(target: &str) -> Request {
    Asked::parse(target).unwrap().request
}

fn name(text: &str) -> SoftphoneName {
    SoftphoneName::parse(text).unwrap()
}

#[test]
fn the_requests_of_a_browser_softphone_are_understood() {
    let library = "genesys-cloud-headset-library";
    let asked = Asked::parse(
        "/Spokes/CallServices/IncomingCall?name=genesys-cloud-headset-library&tones=Unknown\
         &route=ToHeadset&callID={%22Id%22:%2212345678%22}&contact={%22Name%22:%22Ann%20Other%22}\
         &callback=jsonp_1700000000000_4711",
    )
    .unwrap();
    let expected = Request::Call {
        softphone: name(library),
        id: CallId::new(12_345_678),
        step: Step::Incoming,
    };
    assert_eq!(asked.request, expected);
    assert_eq!(asked.callback.unwrap().as_str(), "jsonp_1700000000000_4711");
    assert!(!format!("{:?}", asked.request).contains("Ann"));
    assert_eq!(
        parsed("/Spokes/CallServices/CallManagerState?&callback=f"),
        Request::CallManagerState
    );
    assert_eq!(
        parsed("/Spokes/CallServices/MuteCall?name=x&muted=true"),
        Request::Mute {
            softphone: name("x"),
            muted: true
        }
    );
    assert_eq!(
        parsed("/Spokes/SessionManager/Register?name=My%20Softphone"),
        Request::Register(name("My Softphone"))
    );
}

#[test]
fn a_call_that_the_page_has_forgotten_is_no_call() {
    for id in [
        "{%22Id%22:%22undefined%22}",
        "{%22Id%22:-1}",
        "{}",
        "",
        "{%22Id%22:%2299999999999999999999%22}",
        "{%22Id%22:9007199254740993}",
        "{%22Id%22:%22+7%22}",
    ] {
        let target = format!("/Spokes/CallServices/HoldCall?name=x&callID={id}");
        let Request::Call { id, .. } = parsed(&target) else {
            panic!("{target}");
        };
        assert_eq!(id, None, "{target}");
    }
}

#[test]
fn a_callback_is_a_plain_name() {
    let long = "a".repeat(128);
    for good in ["f", "$", "_a.b$c.d9", &long] {
        let target = format!("/Spokes/DeviceServices/Info?callback={good}");
        let asked = Asked::parse(&target).unwrap();
        assert_eq!(asked.callback.unwrap().as_str(), good);
    }
    let longer = "a".repeat(129);
    for bad in [
        "", "9a", ".a", "a%28%29", "a;b", "a-b", "%C3%A4", "a%0a", &longer,
    ] {
        let target = format!("/Spokes/DeviceServices/Info?callback={bad}");
        assert_eq!(Asked::parse(&target), Err(NotServed), "{target}");
    }
}

#[test]
fn what_is_not_served_is_refused() {
    for bad in [
        "",
        "/",
        "/Spokes",
        "/Spokes/",
        "/spokes/DeviceServices/Info",
        "/Spokes/DeviceServices/Info/",
        "/Spokes/../Spokes/DeviceServices/Info",
        "/Spokes/SessionManager/Register",
        "/Spokes/SessionManager/Register?name=",
        "/Spokes/SessionManager/Register?name=a%00b",
        "/Spokes/CallServices/MuteCall?name=x",
        "/Spokes/CallServices/MuteCall?name=x&muted=1",
        &format!("/Spokes/SessionManager/Register?name={}", "n".repeat(65)),
        &format!("/Spokes/DeviceServices/Info?x={}", "x".repeat(2048)),
    ] {
        assert_eq!(Asked::parse(bad), Err(NotServed), "{bad}");
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_bounded(
        service in "(SessionManager|CallServices|DeviceServices|UserPreference)/(Register|IncomingCall|HoldCall|MuteCall|Info|CallEvents|[A-Za-z]{0,12})",
        query in "(name|callID|muted|callback|[a-z]{0,6}|&|=|%[0-9a-f]{2}|[ -~]|\u{e4}){0,40}",
    ) {
        if let Ok(asked) = Asked::parse(&format!("/Spokes/{service}?{query}")) {
            if let Some(callback) = &asked.callback {
                prop_assert!(callback.as_str().len() <= limits::CALLBACK_BYTES);
                prop_assert!(callback.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.".contains(&b)));
            }
            if let Request::Register(name) | Request::CallEvents(name) = &asked.request {
                prop_assert!((1..=limits::NAME_BYTES).contains(&name.as_str().len()));
            }
        }
    }
}
