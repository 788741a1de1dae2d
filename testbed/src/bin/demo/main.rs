//! The demo: `cargo xtask demo` builds what it needs and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::Parser;
use testbed::{Scene, SceneOptions};

mod check;

/// An identity provider, a stand-in Jira, an application and Envoy with the filter, on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port to open in the browser; the identity provider takes the next one. 0 takes free ones.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Sign in an agent and a customer by script, print every step and stop.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scene = match Scene::start(SceneOptions::new().port(arguments.port)) {
        Ok(scene) => scene,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.check { check::run(&scene) } else { wait(scene) }
}

fn wait(mut scene: Scene) -> ExitCode {
    println!("\nThe demo runs. Everybody's password is the user name.\n");
    println!("  as agent     {}", scene.app_url("/"));
    println!("  as customer  {}", scene.app_url("/servicedesk/customer/portal/1"));
    println!("  as admin     {}\n", scene.app_url("/"));
    println!("  identity provider  {}", scene.idp.origin());
    println!("  our metadata       {}", scene.app_url("/saml/metadata"));
    println!("  Envoy's admin page http://{}", scene.envoy.admin());
    println!("  logs               {}\n", scene.envoy.directory().display());
    println!("Use a private window per person. Ctrl-C ends everything.");
    while scene.envoy.is_alive() {
        sleep(Duration::from_millis(500));
    }
    eprintln!("error: Envoy ended; the last lines of its log:\n{}", scene.envoy.last_words());
    ExitCode::FAILURE
}
