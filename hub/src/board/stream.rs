//! `/events`: what one browser is told.
//!
//! *Promises*: first `snapshot` with everything, then `change` with what differs from what this
//! browser was last sent. A browser that reads slowly is asked less often: while it does not read,
//! nothing is made for it, and then it is told the difference to the newest publication. So each
//! browser costs at most one message, however slow it is.

use super::publisher::Publication;
use axum::response::sse::Event;
use futures_util::stream::{Stream, unfold};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// What one browser is told, until it leaves; it holds its place among the browsers as long.
pub(super) fn events(
    published: watch::Receiver<Arc<Publication>>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let start = (published, None::<Arc<Publication>>, place);
    unfold(start, |(mut published, last, place)| async move {
        if last.is_some() {
            published.changed().await.ok()?;
        }
        let newest = Arc::clone(&published.borrow_and_update());
        let event = match &last {
            None => Event::default().event("snapshot").data(snapshot(&newest)),
            Some(last) => Event::default().event("change").data(change(last, &newest)),
        };
        Some((Ok(event), (published, Some(newest), place)))
    })
}

/// Everything, nodes worst first; also what `/api/fleet` answers.
pub(super) fn snapshot(publication: &Publication) -> String {
    let order = publication.order.iter();
    let nodes = order.filter_map(|name| publication.nodes.get(name));
    write(publication, None, nodes)
}

/// What differs from what was sent last.
fn change(last: &Publication, newest: &Publication) -> String {
    let changed = newest.nodes.iter().filter_map(|(name, json)| {
        let known = last.nodes.get(name);
        (!known.is_some_and(|known| Arc::ptr_eq(known, json))).then_some(json)
    });
    let order = (last.order != newest.order).then_some(&newest.order);
    write(newest, order, changed)
}

fn write<'a>(
    publication: &Publication,
    order: Option<&Arc<[Arc<str>]>>,
    nodes: impl Iterator<Item = &'a Arc<str>>,
) -> String {
    let header = serde_json::to_string(&publication.header).unwrap_or_default();
    let mut text = header;
    // The header is an object: what follows goes before its last brace.
    text.pop();
    if let Some(order) = order {
        let names: Vec<&str> = order.iter().map(|name| &**name).collect();
        text.push_str(",\"order\":");
        text.push_str(&serde_json::to_string(&names).unwrap_or_default());
    }
    text.push_str(",\"nodes\":[");
    for (number, node) in nodes.enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(node);
    }
    text.push_str("]}");
    text
}
