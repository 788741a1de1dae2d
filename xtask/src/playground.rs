//! `cargo xtask playground`: the page that explains sign-ins, built and served on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::run::{Failure, Outcome, cargo, command, native_tests, repository, run};
use crate::{serve, tools};

const PACKAGE: &str = "samlgate-playground";

/// Build the playground and serve it on this machine until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(crate) struct Playground {
    /// The port on localhost; 0 for any that is free.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Build it into target/playground and stop: a folder for any web server.
    #[arg(long)]
    build_only: bool,
    /// Use it in headless Chromium, as a person would, and stop.
    #[arg(long)]
    check: bool,
    /// With --check: keep pictures of the page in this folder.
    #[arg(long, value_name = "FOLDER", requires = "check")]
    pictures: Option<PathBuf>,
}

/// Builds, and serves or checks.
pub(crate) fn run_task(arguments: &Playground) -> Outcome {
    let folder = build()?;
    if arguments.build_only {
        println!("{}", folder.display());
        return Ok(());
    }
    if arguments.check {
        return check(&folder, arguments.pictures.as_deref());
    }
    let server = serve::Server::bind(arguments.port)?;
    println!("http://localhost:{}/ until Ctrl-C", server.port()?);
    server.serve(&folder)
}

/// What `cargo xtask test` runs.
pub(crate) fn stage() -> Outcome {
    exports()?;
    check(&build()?, None)
}

/// Builds `target/playground`: the page, the core as a script, and what joins them.
fn build() -> Outcome<PathBuf> {
    tools::wasm_targets()?;
    let bindgen = tools::wasm_bindgen()?.join("wasm-bindgen");
    run(&mut cargo(&["build", "--package", PACKAGE, "--target", "wasm32-unknown-unknown", "--release"]))?;
    let target = target();
    let name = PACKAGE.replace('-', "_");
    let folder = target.join("playground");
    fs::create_dir_all(&folder)?;
    run(command(bindgen, &["--target", "web", "--no-typescript", "--out-dir"])
        .arg(&folder)
        .arg(target.join(format!("wasm32-unknown-unknown/release/{name}.wasm"))))?;
    // The page may not connect to anything, so the module comes as a script.
    let module = folder.join(format!("{name}_bg.wasm"));
    let bytes = fs::read(&module)?;
    fs::write(
        folder.join(format!("{name}_bg.wasm.js")),
        format!("export default \"{}\";\n", STANDARD.encode(&bytes)),
    )?;
    fs::remove_file(&module)?;
    for entry in fs::read_dir(repository().join("playground/web"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    println!("{}: the core is {} bytes", folder.display(), bytes.len());
    Ok(folder)
}

/// The exports in Node and in Chromium: what they say, and that they say what the native core says.
fn exports() -> Outcome {
    tools::wasm_targets()?;
    browser()?;
    let runner = tools::wasm_bindgen()?.join("wasm-bindgen-test-runner");
    run(&mut native_tests(&["--test", "parity"]))?;
    let test = || {
        let mut command = cargo(&[
            "test",
            "--package",
            "wasm-tests",
            "--target",
            "wasm32-unknown-unknown",
            "--test",
            "playground",
        ]);
        command
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "180");
        command
    };
    run(&mut test())?;
    // How Chromium is started stands in wasm-tests/webdriver.json.
    run(test().env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", "/usr/bin/chromedriver"))
}

/// The page itself, in Chromium.
fn check(folder: &Path, pictures: Option<&Path>) -> Outcome {
    browser()?;
    let server = serve::Server::bind(0)?;
    let address = format!("http://localhost:{}/", server.port()?);
    let folder = folder.to_owned();
    // Ends with this process.
    std::thread::spawn(move || server.serve(&folder));
    let mut driver = command("node", &["--no-warnings", "wasm-tests/page.mjs", &address]);
    if let Some(pictures) = pictures {
        fs::create_dir_all(pictures)?;
        driver.arg(fs::canonicalize(pictures)?);
    }
    run(&mut driver)
}

fn browser() -> Outcome {
    tools::debian(&["chromium", "chromium-driver"])?;
    if !crate::run::exists("node", "--version") {
        tools::debian(&["nodejs"])?;
    }
    Ok(())
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), |folder| repository().join(folder))
}

/// The version of a package in `Cargo.lock`.
pub(crate) fn locked(package: &str) -> Outcome<String> {
    let lock = fs::read_to_string(repository().join("Cargo.lock"))?;
    let begin = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&begin)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .ok_or_else(|| Failure::new(format!("{package} is not in Cargo.lock")))
}
