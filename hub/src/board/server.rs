//! The page and what it is told, over HTTP.

use super::guard::guard;
use super::publisher::Publication;
use super::stream;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::middleware::from_fn;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Most browsers at once. (20 boards are what the fleet is measured with.)
const BROWSERS_MAX: usize = 100;

#[derive(Debug, Clone)]
struct Shared {
    published: watch::Receiver<Arc<Publication>>,
    places: Arc<Semaphore>,
}

/// Everything that is served.
pub(super) fn router(published: watch::Receiver<Arc<Publication>>) -> Router {
    let shared = Shared {
        published,
        places: Arc::new(Semaphore::new(BROWSERS_MAX)),
    };
    Router::new()
        .route(
            "/",
            get(|| file("text/html", include_str!("page/index.html"))),
        )
        .route(
            "/board.css",
            get(|| file("text/css", include_str!("page/board.css"))),
        )
        .route(
            "/board.js",
            get(|| file("text/javascript", include_str!("page/board.js"))),
        )
        .route(
            "/favicon.svg",
            get(|| file("image/svg+xml", include_str!("page/favicon.svg"))),
        )
        .route("/events", get(events))
        .route("/api/fleet", get(fleet))
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                "There is nothing here; the board is at /.\n",
            )
        })
        .layer(from_fn(guard))
        .with_state(shared)
}

async fn file(kind: &'static str, text: &'static str) -> ([(HeaderName, String); 1], &'static str) {
    ([(CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text)
}

async fn events(State(shared): State<Shared>) -> Response {
    match shared.places.try_acquire_owned() {
        Ok(place) => Sse::new(stream::events(shared.published, place))
            .keep_alive(KeepAlive::default())
            .into_response(),
        Err(_) => {
            let sentence = "Too many browsers show this board; close one.\n";
            (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response()
        }
    }
}

async fn fleet(State(shared): State<Shared>) -> impl IntoResponse {
    let snapshot = stream::snapshot(&shared.published.borrow());
    ([(CONTENT_TYPE, "application/json")], snapshot)
}
