//! The signal-to-noise ratio of both sides over the call.

use super::Call;
use super::curves::Stretch;
use super::levels::curve;
use super::markup::Markup;
use super::plot::{LEFT, RIGHT, Scale, Time, apart, block, drawing, label, line};
use super::words::{FineClock, limit, number};

const BOTTOM: f64 = 148.0;
const SCALE: Scale = Scale {
    top: (60.0, 12.0),
    bottom: (0.0, BOTTOM),
};

/// The figure; both sides in one.
pub(super) fn draw(m: &mut Markup, call: &Call<'_>, time: Time) {
    let analysis = call.analysis;
    let alert_db = call.limits.noisy_environment.snr_db;
    let said = |ratio: Option<f64>| {
        ratio.map_or("not measured".to_owned(), |db| {
            format!("{} dB", number(db, 1))
        })
    };
    let customer_db = analysis.customer.as_ref().map(|side| side.snr_db);
    let mut described = format!(
        "Signal-to-noise ratio over time. Agent {}",
        said(analysis.agent.snr_db)
    );
    if let Some(ratio) = customer_db {
        described.push_str(&format!(", customer {}", said(ratio)));
    }
    drawing(m, &described, BOTTOM, time, |m| {
        SCALE.draw(m, 20.0, "dB");
        let y = SCALE.y(alert_db);
        line(m, "limit", (LEFT, y), (RIGHT, y));
        let columns = &call.curves.columns;
        let ratio = |stretch: &Stretch| stretch.snr.map(f64::from);
        let sides = [
            ("agent", Some(&columns.agent), analysis.agent.snr_db),
            ("customer", columns.customer.as_ref(), customer_db.flatten()),
        ];
        let mut labels = vec![("muted", "agent's limit", alert_db)];
        for (name, stretches, whole) in sides {
            if let Some(stretches) = stretches {
                m.node("g", &[("class", &name)], |m| {
                    curve(m, "ratio", columns, stretches, time, SCALE, ratio);
                });
            }
            labels.extend(whole.map(|db| (name, name, db)));
        }
        let heights = labels.iter().map(|(.., db)| SCALE.y(*db)).collect();
        let heights = apart(heights, 15.0, (SCALE.top.1, BOTTOM - 4.0));
        for ((class, what, db), y) in labels.into_iter().zip(heights) {
            let figure = match class {
                "muted" => limit(db),
                _ => number(db, 1),
            };
            let class = format!("direct {class}");
            label(m, &class, RIGHT + 8.0, y + 4.5, &format!("{what} {figure}"));
        }
        hints(m, call, time);
    });
}

fn hints(m: &mut Markup, call: &Call<'_>, time: Time) {
    let spans = &call.curves.spans;
    for (index, agent) in spans.agent.iter().enumerate() {
        let customer = spans.customer.as_ref().and_then(|all| all.get(index));
        let (start, end) = spans.span_s(index);
        let said = |stretch: &Stretch| match stretch.snr {
            Some(db) => format!("{} dB", number(f64::from(db), 1)),
            None => "not known".to_owned(),
        };
        let mut says = format!("at {}: agent {}", FineClock(end), said(agent));
        if let Some(customer) = customer {
            says.push_str(&format!(", customer {}", said(customer)));
        }
        let (x, y) = ((time.x(start), time.x(end)), (SCALE.top.1, BOTTOM));
        block(m, "hint", x, y, &says);
    }
}
