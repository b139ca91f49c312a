//! A handler that does nothing, in a process of its own: this program, run again.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};

use super::cores;
use crate::wrk::{Load, Wrk};

/// The argument that makes this program that server.
pub(crate) const ARGUMENT: &str = "--empty-server";

/// Serves until its standard input is closed: it never outlives who started it.
pub(crate) fn serve() -> Result<()> {
    actix_web::rt::System::new().block_on(async {
        let answer = || async { HttpResponse::Ok().content_type("application/json").body("{}") };
        let server = HttpServer::new(move || App::new().default_service(web::to(answer)))
            .workers(cores())
            .bind(("127.0.0.1", 0))?;
        let address = server.addrs().first().copied().context("no address")?;
        let server = server.disable_signals().run();
        let handle = server.handle();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            drop(handle.stop(false));
        });
        println!("http://{address}");
        server.await.context("the empty server failed")
    })
}

/// The same requests to it: what it costs to make them is part of what they cost.
pub(crate) fn per_second(wrk: &Wrk, load: &Load, clients: usize, duration: Duration) -> Result<f64> {
    let mut server = Server::start()?;
    let load = Load {
        script: load.script,
        origin: server.origin()?,
        path: load.path,
        arguments: load.arguments.clone(),
    };
    let outcome = wrk.run(&load, clients, duration)?;
    anyhow::ensure!(outcome.errors() == 0, "the empty handler answered with errors");
    Ok(outcome.per_second())
}

struct Server(Child);

impl Server {
    fn start() -> Result<Self> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let child = Command::new(program)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run this program again")?;
        Ok(Self(child))
    }

    fn origin(&mut self) -> Result<String> {
        let stdout = self.0.stdout.take().context("the address was read before")?;
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .context("the empty server did not start")?;
        let origin = line.trim_end().to_owned();
        anyhow::ensure!(
            origin.starts_with("http://127.0.0.1:"),
            "the empty server did not start"
        );
        Ok(origin)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
