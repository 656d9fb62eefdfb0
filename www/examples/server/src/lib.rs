//! HTTP around `bonafide_core::verify`: `POST /api/tickets` gives a ticket, `POST /api/steps` reveals the next step of a ticket
//! that asks for it, `POST /api/transcripts` says what to make of a transcript. Everything else are the page's files.
//!
//! What a real service adds: who asks (a signed-in account, rate limits), what a verdict leads to, TLS.

mod store;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bonafide_core::{
    manifest::Manifest,
    session::{Step, Verdict},
    transcript,
    verify::{Rejection, Ticket, Verifier, Wish},
};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer};

pub use store::{Error, Store};

/// A ticket is good for ten minutes.
const LIFETIME_MS: u64 = 600_000;

/// How long a request may take, the sending of it included: eight megabytes take a slow phone some ten seconds.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What this page may do: its own files, wasm, a worker, the camera; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      worker-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

struct Service {
    verifier: Verifier,
    store: Store,
}

/// A ticket, and where its steps are revealed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    #[serde(flatten)]
    ticket: Ticket,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_url: Option<&'static str>,
}

/// Which step a page asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Turn {
    nonce: String,
    /// How many it was told before.
    known: usize,
}

/// A step.
#[derive(Debug, Serialize)]
struct Next {
    step: Step,
}

/// What was made of a transcript.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Whether it answers its ticket. The verdict may still be an attack.
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Why not, for programs and for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The service: tickets kept in `store`, checks with the weights of `manifest`, and the files under `pages`. A request that takes
/// longer than `limit` is answered 408.
pub fn service(manifest: Manifest, store: Store, pages: &Path, limit: Duration) -> Router {
    let service = Arc::new(Service { verifier: Verifier::new(manifest), store });
    Router::new()
        .route("/api/tickets", post(issue))
        .route("/api/steps", post(reveal))
        .route("/api/transcripts", post(receive))
        .layer(DefaultBodyLimit::max(transcript::MAX_BYTES))
        .with_state(service)
        .fallback_service(ServeDir::new(pages))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limit))
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
}

async fn issue(State(service): State<Arc<Service>>, Json(wish): Json<Wish>) -> Result<Json<Issued>, Failure> {
    // The disk and eight megabytes of transcript take their time: not on the threads that answer everybody else.
    spawn_blocking(move || {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let now = now_ms()?;
        let ticket = service
            .verifier
            .ticket(&wish, LIFETIME_MS, random, now)
            .map_err(|error| Failure::Request(error.to_string()))?;
        service.store.issue(&ticket, now)?;
        let step_url = ticket.revealed.is_some().then_some("/api/steps");
        Ok(Json(Issued { ticket, step_url }))
    })
    .await?
}

/// 409 with the rejection's code where no step can be told.
async fn reveal(State(service): State<Arc<Service>>, Json(turn): Json<Turn>) -> Result<Json<Next>, Failure> {
    let told = spawn_blocking(move || {
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        service.store.reveal(&turn.nonce, turn.known, u64::from_le_bytes(random), now_ms()?)
    })
    .await??;
    told.map(|step| Json(Next { step })).map_err(Failure::Refused)
}

/// 200 with the answer, also where it is no: the request was in order.
async fn receive(State(service): State<Arc<Service>>, body: String) -> Result<Json<Answer>, Failure> {
    let verdict = spawn_blocking(move || {
        let taken = service.store.redeem(&body, now_ms()?)?;
        Ok::<_, Error>(taken.and_then(|(sent, entry, received)| service.verifier.verify(&sent, &entry, received)))
    })
    .await??;
    Ok(Json(match verdict {
        Ok(verdict) => Answer { accepted: true, verdict: Some(verdict), code: None, message: None },
        Err(rejection) => Answer {
            accepted: false,
            verdict: None,
            code: Some(rejection.code()),
            message: Some(rejection.to_string()),
        },
    }))
}

/// What kept a request from being answered.
enum Failure {
    /// The caller can do something about it.
    Request(String),
    /// The ticket allows it no more, or never did.
    Refused(Rejection),
    /// The caller cannot.
    Server(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Server(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Request(message) => (StatusCode::BAD_REQUEST, message).into_response(),
            Self::Refused(rejection) => (StatusCode::CONFLICT, rejection.code()).into_response(),
            Self::Server(error) => {
                eprintln!("bonafide-example-server: {error}");
                (StatusCode::INTERNAL_SERVER_ERROR, "the server failed: try again later").into_response()
            }
        }
    }
}

fn now_ms() -> Result<u64, Error> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}
