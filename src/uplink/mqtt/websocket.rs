//! MQTT in the binary messages of a WebSocket (RFC 6455; MQTT 5 §6).

use async_tungstenite::bytes::{ByteReader, ByteWriter};
use async_tungstenite::tokio::{TokioAdapter, client_async};
use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::tungstenite::error::Error;
use async_tungstenite::tungstenite::http::HeaderValue;
use async_tungstenite::{WebSocketReceiver, WebSocketSender};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The subprotocol (MQTT 5 §6, non-normative: `mqtt`).
const SUBPROTOCOL: &str = "mqtt";

/// What is wrong with the answer to the request for a WebSocket.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebSocketError {
    /// An HTTP answer that is none.
    #[error("it answers the request for a WebSocket with HTTP {0}")]
    Status(u16),
    /// A WebSocket of something else.
    #[error("its WebSocket does not carry MQTT")]
    Subprotocol,
    /// No answer of HTTP.
    #[error("it does not speak WebSocket ({0})")]
    Other(String),
}

/// A WebSocket as a stream of bytes.
pub(super) struct WebSocket<S> {
    reader: ByteReader<WebSocketReceiver<TokioAdapter<S>>>,
    writer: ByteWriter<WebSocketSender<TokioAdapter<S>>>,
}

/// Asks for a WebSocket at `address` (`ws://…` or `wss://…`, over whatever `stream` is).
pub(super) async fn open<S>(address: &str, stream: S) -> io::Result<WebSocket<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = address.into_client_request().map_err(failed)?;
    let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", subprotocol.clone());
    let (socket, answer) = client_async(request, stream).await.map_err(failed)?;
    if answer.headers().get("Sec-WebSocket-Protocol") != Some(&subprotocol) {
        return Err(io::Error::other(WebSocketError::Subprotocol));
    }
    let (sender, receiver) = socket.split();
    Ok(WebSocket {
        reader: ByteReader::new(receiver),
        writer: ByteWriter::new(sender),
    })
}

fn failed(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Http(answer) => io::Error::other(WebSocketError::Status(answer.status().as_u16())),
        // A server that wants another subprotocol or none names none.
        Error::Protocol(why) if why.to_string().contains("SubProtocol") => {
            io::Error::other(WebSocketError::Subprotocol)
        }
        other => io::Error::other(WebSocketError::Other(other.to_string())),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        AsyncRead::poll_read(Pin::new(&mut self.reader), context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.writer), context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.writer), context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut self.writer), context)
    }
}
