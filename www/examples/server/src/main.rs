//! Command line of the example: `bonafide-example-server TICKETS.redb WEIGHTS_FOLDER PAGES_FOLDER [PORT]`.

use std::{
    env, fs,
    io::{Write, stderr, stdout},
    path::Path,
    process::ExitCode,
};

use bonafide_core::manifest::Manifest;
use bonafide_example_server::{Error, LIMIT, Store, service};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [tickets, weights, pages] => serve(tickets, weights, pages, 8080),
        [tickets, weights, pages, port] => {
            port.parse().map_err(Into::into).and_then(|port| serve(tickets, weights, pages, port))
        }
        _ => Err("usage: bonafide-example-server TICKETS.redb WEIGHTS_FOLDER PAGES_FOLDER [PORT]".into()),
    };
    if let Err(error) = done {
        let _ = writeln!(stderr(), "bonafide-example-server: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(tickets: &str, weights: &str, pages: &str, port: u16) -> Result<(), Error> {
    let manifest = Manifest::parse(&fs::read_to_string(Path::new(weights).join("manifest.json"))?)?;
    let service = service(manifest, Store::open(Path::new(tickets))?, Path::new(pages), LIMIT);
    tokio::runtime::Runtime::new()?.block_on(async {
        // On this machine only: cameras work on localhost without TLS, and a public service needs more than this.
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let ended = asked_to_end()?;
        let mut out = stdout();
        writeln!(out, "http://{}", listener.local_addr()?).and_then(|()| out.flush())?;
        let serving = tokio::spawn(axum::serve(listener, service).into_future());
        ended.await;
        // Not waited for: a page that has sent half of its body could hold the server for ever. What the store began, it ends.
        serving.abort();
        Ok(())
    })
}

/// What ends with Ctrl-C, or with what a service manager sends. From now on neither ends the process by itself.
#[cfg(unix)]
fn asked_to_end() -> Result<impl Future<Output = ()>, Error> {
    use std::{future::poll_fn, task::Poll};
    use tokio::signal::unix::{SignalKind, signal};

    let mut signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    Ok(poll_fn(move |context| match signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    }))
}

#[cfg(not(unix))]
fn asked_to_end() -> Result<impl Future<Output = ()>, Error> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
