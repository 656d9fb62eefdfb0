//! Command line of the example: `bonafide-example-server TICKETS.redb WEIGHTS_FOLDER PAGES_FOLDER [PORT]`.

use std::{env, fs, path::Path, process::ExitCode};

use bonafide_core::manifest::Manifest;
use bonafide_example_server::{Error, Store, service};

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
        eprintln!("bonafide-example-server: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(tickets: &str, weights: &str, pages: &str, port: u16) -> Result<(), Error> {
    let manifest = Manifest::parse(&fs::read_to_string(Path::new(weights).join("manifest.json"))?)?;
    let service = service(manifest, Store::open(Path::new(tickets))?, Path::new(pages));
    tokio::runtime::Runtime::new()?.block_on(async {
        // On this machine only: cameras work on localhost without TLS, and a public service needs more than this.
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        axum::serve(listener, service).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
        Ok(())
    })
}
